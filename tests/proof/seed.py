"""Measures keyhook on a set of another seed: keys that its rules were not worked on with.

    python3 tests/proof/seed.py --into /tmp/keyhook-proof
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import recall
from generate import DEFAULT_OUT, generate

SEED = 7


def main() -> None:
    """Generates the set and measures, into a folder of its own."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--into", type=Path, default=DEFAULT_OUT)
    parser.add_argument("--keyhook", type=Path, help="the keyhook binary to measure")
    args = parser.parse_args()
    if args.keyhook:
        os.environ["KEYHOOK"] = str(args.keyhook.resolve())
    folder = args.into / f"seed-{SEED}"
    generate(folder, keys=5, seed=SEED)
    recall.measure(folder, folder, ["keyhook"])


if __name__ == "__main__":
    main()
