"""Measures start-up and throughput of every scanner, all in one run on one machine.

CPU seconds (user and system, of the scanner and its children), the median of several runs after
one that fills the caches. Only ratios within one run mean something: another machine, or this
one with other work on it, gives other seconds.

    python3 tests/proof/speed.py --runs 5 --into /tmp/keyhook-proof
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
from pathlib import Path
from typing import Any

import corpus
import scanners
from scanners import Scanner

# Packages of different habits: a framework, a bundler, a bundle, an SDK.
THROUGHPUT_PACKAGES = ("pypi-django-", "npm-webpack-", "npm-react-dom-", "pypi-langchain-community-")

# Nobody who takes this many CPU seconds is measured again: caches no longer matter then.
LONG = 60.0


def timed(scanner: Scanner, folder: Path, runs: int) -> float:
    """Returns the median CPU seconds of scanning a folder; of one run if that takes long."""
    seconds = []
    while len(seconds) <= runs and sum(seconds) <= LONG:
        before = scanners.cpu_seconds()
        scanners.run(scanner, folder)
        seconds.append(scanners.cpu_seconds() - before)
    return statistics.median(seconds[1:] or seconds)


def small_change(folder: Path) -> Path:
    """Writes what a commit changes: one file of ten lines; scanning it is all start-up."""
    lines = "".join(f"value_{number} = compute({number})\n" for number in range(10))
    (folder / "change.py").write_text(lines)
    return folder


def trees(out: Path) -> list[Path]:
    """Returns the packages of the corpus that throughput is measured on."""
    folders = sorted(path for path in out.iterdir() if path.is_dir())
    return [path for path in folders if path.name.startswith(THROUGHPUT_PACKAGES)]


def megabytes(folder: Path) -> float:
    """Returns the size of a folder's files."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def measure(out: Path, runs: int, names: list[str], into: Path) -> None:
    """Writes start-up seconds and megabytes per CPU second of each scanner once it was measured."""
    results: dict[str, Any] = json.loads(into.read_text()) if names and into.exists() else {}
    every = scanners.scanners()
    folders = trees(out)
    size = sum(megabytes(folder) for folder in folders)
    with tempfile.TemporaryDirectory() as scratch:
        small = small_change(Path(scratch))
        for name in names or every:
            start_up = timed(every[name], small, runs)
            seconds = sum(timed(every[name], folder, runs) for folder in folders)
            rate = round(size / seconds, 1) if seconds else None
            results[name] = {"start_up_cpu_s": round(start_up, 4), "mb_per_cpu_s": rate}
            print(name, results[name], flush=True)
            into.write_text(json.dumps(results, indent=1))


def main() -> None:
    """Measures as the arguments say and writes `speed.json`."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--corpus", type=Path, default=corpus.DEFAULT_OUT)
    parser.add_argument("--into", type=Path, default=Path("/tmp/keyhook-proof"))
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", action="append", default=[], help="a scanner; repeatable")
    parser.add_argument("--keyhook", type=Path, help="the keyhook binary to measure")
    args = parser.parse_args()
    if args.keyhook:
        os.environ["KEYHOOK"] = str(args.keyhook.resolve())
    measure(args.corpus, args.runs, args.only, args.into / "speed.json")


if __name__ == "__main__":
    main()
