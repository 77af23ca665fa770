#!/usr/bin/env python3
"""Measures what the baseline costs: 10,000 findings in the staged change, each known to it.

    cargo build --release && python3 tests/bench/baseline.py

Stages the findings in 100 files, accepts them all, and scans what is staged with the baseline and
without it (`--no-baseline`) in turn. The difference is the check: reading the file, one hash for each
finding, the look-up. Prints CPU milliseconds, medians of the rounds, and with --instructions what
valgrind counts, which a busy machine does not change. Fails if the check costs 50 ms or more.

Then it stages one clean line on top of a committed baseline of that size, as a commit mostly is, and
prints the cost of the hook with the baseline and without one: the baseline need not be read then.

Options: --rounds N (default 15), --count N (default 10000), --instructions,
--program PATH (default target/release/keyhook).
"""

import argparse
import os
import random
import resource
import shutil
import statistics
import string
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / ".bench" / "baseline"
BUDGET_MS = 50
ENV = {
    "PATH": os.environ["PATH"],
    "HOME": str(WORK / "home"),
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "b", "GIT_AUTHOR_EMAIL": "b@example.com",
    "GIT_COMMITTER_NAME": "b", "GIT_COMMITTER_EMAIL": "b@example.com",
}


def run(repo, *command):
    return subprocess.run(command, cwd=repo, env=ENV, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def key(rng):
    """A made-up key; none is written into this repository."""
    letters = string.ascii_letters + string.digits
    return "sk-ant-" + "api03-" + "".join(rng.choice(letters) for _ in range(93)) + "AA"


def build(program, count):
    shutil.rmtree(WORK, ignore_errors=True)
    repo = WORK / "repo"
    repo.mkdir(parents=True)
    (WORK / "home").mkdir()
    run(repo, "git", "init", "-q", "-b", "main")
    rng = random.Random(1)
    for file in range(100):
        lines = [f'client_{n} = Anthropic(api_key="{key(rng)}")\n' for n in range(count // 100)]
        (repo / f"file_{file}.py").write_text("".join(lines))
    run(repo, "git", "add", "-A")
    done = run(repo, program, "baseline", "create")
    assert done.returncode == 0, done.stderr
    return repo


def cpu(repo, *command):
    """CPU milliseconds of one run."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = run(repo, *command)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode in (0, 1), done.stderr
    return 1000 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def instructions(repo, *command):
    """Millions of instructions of one run."""
    done = run(repo, "valgrind", "--tool=none", "--log-file=/dev/null", "true")
    if done.returncode != 0:
        sys.exit("valgrind is not here")
    counted = run(repo, "valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command)
    line = next(line for line in counted.stderr.decode().splitlines() if "Collected" in line)
    return int(line.split(":")[1]) / 1e6


def compare(name, measure, rounds, repo, first, second, unit):
    """Prints two costs and returns their difference."""
    pairs = [(measure(repo, *first), measure(repo, *second)) for _ in range(rounds)]
    with_it, without = (statistics.median(side) for side in zip(*pairs))
    difference = statistics.median(a - b for a, b in pairs)
    print(f"{name:<34} with {with_it:9.1f}  without {without:9.1f}  difference {difference:8.2f} {unit}")
    return difference


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--rounds", type=int, default=15)
    options.add_argument("--count", type=int, default=10_000)
    options.add_argument("--instructions", action="store_true")
    options.add_argument("--program", default=str(ROOT / "target/release/keyhook"))
    options = options.parse_args()
    program = options.program
    repo = build(program, options.count)
    scan = [program, "scan", "--staged"]
    bare = [*scan, "--no-baseline", "--format", "json"]
    known = [*scan, "--format", "json"]
    check = compare(f"{options.count} findings, all known", cpu, options.rounds, repo, known, bare, "ms")
    if options.instructions:
        compare("the same", instructions, 1, repo, known, bare, "million instructions")
    run(repo, "git", "commit", "-q", "-m", "x")
    other = WORK / "other"
    shutil.copytree(repo, other)
    run(other, "git", "rm", "-q", ".secrets.baseline")
    run(other, "git", "commit", "-q", "-m", "x")
    for place in (repo, other):
        (place / "clean.py").write_text("x = 1\n")
        run(place, "git", "add", "clean.py")
        run(place, "git", "write-tree")
        run(place, program, "hook", "pre-commit")
    hook = [program, "hook", "pre-commit"]
    print("one clean line, hook:")
    for name, measure, unit in [("CPU", cpu, "ms")] + (
        [("instructions", instructions, "million")] if options.instructions else []
    ):
        costs = [statistics.median(measure(place, *hook) for _ in range(3)) for place in (repo, other)]
        print(f"  {name:<14} with a baseline {costs[0]:8.3f}  without one {costs[1]:8.3f} {unit}")
    if check >= BUDGET_MS:
        sys.exit(f"the check costs {check:.1f} ms, the budget is {BUDGET_MS}")


if __name__ == "__main__":
    main()
