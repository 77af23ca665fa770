#!/usr/bin/env python3
"""Measures the hook against the budgets: CPU time and peak memory, as ratios in one run.

    ./install.sh && python3 tests/bench/run.py --program ~/.local/bin/keyhook

Builds repositories of several sizes below .bench/ (kept for the next run), stages three new lines,
completes the cache tree as `git commit` does before it calls the hook, and then runs
`git diff --cached --quiet` and the hook in turn. Each figure is the median of the rounds; ratios are
paired within a round, so a noisy machine moves both sides.

Options: --rounds N (default 40), --sizes 50,57000,300000, --big (5,000 new files, 50 MB),
--program PATH (default target/release/keyhook).
"""

import argparse
import os
import random
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / ".bench"
ENV = {
    "PATH": os.environ["PATH"],
    "HOME": str(WORK / "home"),
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "b", "GIT_AUTHOR_EMAIL": "b@example.com",
    "GIT_COMMITTER_NAME": "b", "GIT_COMMITTER_EMAIL": "b@example.com",
}


def git(repo, *arguments, data=None):
    done = subprocess.run(["git", *arguments], cwd=repo, env=ENV, input=data,
                          stdout=subprocess.PIPE, check=True)
    return done.stdout


def build_repository(size):
    """A repository of `size` files in folders of 50, committed by fast-import."""
    repo = WORK / f"files-{size}"
    if (repo / ".git" / "done").exists():
        return repo
    shutil.rmtree(repo, ignore_errors=True)
    repo.mkdir(parents=True)
    git(repo, "init", "-q", "-b", "main")
    lines = [b"commit refs/heads/main\ncommitter b <b@example.com> 1 +0000\ndata 1\nx\n"]
    for number in range(size):
        folder = f"d{number // 5000:03}/e{number // 50 % 100:02}"
        text = f"def function_{number}(value):\n    return value + {number}\n" * 4
        body = text.encode()
        lines.append(f"M 100644 inline {folder}/file_{number}.py\ndata {len(body)}\n".encode() + body + b"\n")
    git(repo, "fast-import", "--quiet", data=b"".join(lines))
    git(repo, "reset", "-q", "--hard")
    (repo / ".git" / "done").touch()
    return repo


def stage_three_lines(repo):
    git(repo, "reset", "-q", "--hard")
    first = next(iter(sorted(repo.glob("d000/e00/*.py"))))
    with first.open("a") as file:
        file.write("def added(value):\n    value = value * 2\n    return value\n")
    git(repo, "add", "-A")
    git(repo, "write-tree")


def stage_many_files(repo, count=5000, size=10_000):
    git(repo, "reset", "-q", "--hard")
    git(repo, "clean", "-fdq")
    rng = random.Random(1)
    words = ["value", "result", "index", "buffer", "length", "return", "print", "total", "count"]
    for number in range(count):
        path = repo / "new" / f"n{number // 100}" / f"f{number}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        text = "\n".join(" ".join(rng.choices(words, k=8)) for _ in range(size // 50))
        path.write_text(text[:size])
    git(repo, "add", "-A")
    git(repo, "write-tree")


def peak_memory(command, repo, extra):
    """Returns the peak memory of a command in MB.

    Asked of GNU time, because the kernel counts the memory of the process that starts a program
    towards the program's peak, and this script is larger than keyhook.
    """
    done = subprocess.run(["/usr/bin/time", "-f", "%M", *command], cwd=repo, env={**ENV, **extra},
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return int(done.stderr.split()[-1]) / 1024


def measure(command, repo, extra=None):
    """Runs a command; returns its CPU time in ms and its exit code."""
    process = subprocess.Popen(command, cwd=repo, env={**ENV, **(extra or {})}, shell=isinstance(command, str),
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    cpu = (usage.ru_utime + usage.ru_stime) * 1000
    return cpu, os.waitstatus_to_exitcode(status)


def compare(name, repo, floor, hook, rounds, budget):
    extra = {"GIT_INDEX_FILE": ".git/index"}
    floors, hooks, ratios = [], [], []
    for number in range(rounds + 3):
        f, _ = measure(floor, repo)
        h, code = measure(hook, repo, extra)
        if code != 0:
            sys.exit(f"{name}: the hook ended with {code}")
        if number >= 3:
            floors.append(f)
            hooks.append(h)
            ratios.append(h / f)
    ratio = statistics.median(ratios)
    peak = peak_memory(hook, repo, extra)
    verdict = "ok" if ratio <= budget and peak <= 20 else "OVER"
    print(f"{name:34} {statistics.median(floors):8.2f} {statistics.median(hooks):8.2f} "
          f"{ratio:6.2f} {budget:6.2f} {peak:7.1f}  {verdict}", flush=True)
    return verdict == "ok"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--sizes", default="50,57000,300000")
    parser.add_argument("--big", action="store_true")
    parser.add_argument("--program", default=str(ROOT / "target/release/keyhook"))
    options = parser.parse_args()
    (WORK / "home").mkdir(parents=True, exist_ok=True)
    hook = [str(Path(options.program).resolve()), "hook", "pre-commit"]
    print(f"{'':34} {'git ms':>8} {'hook ms':>8} {'ratio':>6} {'budget':>6} {'peak MB':>7}")
    fine = True
    for size in map(int, options.sizes.split(",")):
        repo = build_repository(size)
        stage_three_lines(repo)
        floor = ["git", "diff", "--cached", "--quiet"]
        budget = 0.3 if size >= 300_000 else 1.0
        fine &= compare(f"3 lines staged, {size:,} files", repo, floor, hook, options.rounds, budget)
    if options.big:
        repo = build_repository(50)
        stage_many_files(repo)
        floor = ("git diff-index --cached --raw -z --no-abbrev HEAD | tr '\\0' '\\n' | grep '^:' | "
                 "cut -d' ' -f4 | git cat-file --batch --buffer")
        fine &= compare("5,000 new files, 50 MB", repo, floor, hook, max(5, options.rounds // 8), 0.3)
        git(repo, "reset", "-q", "--hard")
    sys.exit(0 if fine else 1)


if __name__ == "__main__":
    main()
