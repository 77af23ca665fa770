"""Makes the whole comparison again: peers, cases, corpus, measurements, page.

    python3 tests/proof/run.py                # everything; hours, most of them the peers'
    python3 tests/proof/run.py --skip speed   # without timings, while others use the machine

Each step is a script of its own and can be run alone; see `docs/comparison.md`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent

# secretlint takes half an hour of CPU time for all cases; it gets a part of them.
FAST = ("keyhook", "gitleaks", "betterleaks", "kingfisher", "detect-secrets", "ripsecrets")

STEPS = {
    "peers": ["peers.py"],
    "generate": ["generate.py"],
    "recall": ["recall.py", *sum((["--only", name] for name in FAST), [])],
    "sample": ["recall.py", "--every", "37", "--only", "keyhook", "--only", "secretlint"],
    "seed": ["seed.py"],
    "fetch": ["corpus.py", "fetch"],
    "scan": ["corpus.py", "scan", "--minutes", "25"],
    "review": ["corpus.py", "review"],
    "levels": ["levels.py"],
    "speed": ["speed.py"],
    "table": ["table.py"],
}


def main() -> None:
    """Runs the steps in their order and stops at the first that fails."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--skip", action="append", default=[], choices=list(STEPS))
    args = parser.parse_args()
    for name, (script, *rest) in STEPS.items():
        if name not in args.skip:
            print(f"== {name}", flush=True)
            subprocess.run([sys.executable, str(HERE / script), *rest], check=True)


if __name__ == "__main__":
    main()
