"""Measures keyhook at high and at low confidence, for the table that compares the three.

    python3 tests/proof/levels.py --into /tmp/keyhook-proof
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import corpus
import recall
from generate import DEFAULT_OUT


def main() -> None:
    """Measures into a folder of its own for each level."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT, help="the set of generate.py")
    parser.add_argument("--corpus", type=Path, default=corpus.DEFAULT_OUT)
    parser.add_argument("--into", type=Path, default=DEFAULT_OUT)
    args = parser.parse_args()
    for level in ("high", "low"):
        os.environ["KEYHOOK_CONFIDENCE"] = level
        recall.measure(args.out, args.into / level, ["keyhook"])
        corpus.scan_all(args.corpus, args.into / level, ["keyhook"])


if __name__ == "__main__":
    main()
