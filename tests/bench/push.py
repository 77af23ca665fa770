#!/usr/bin/env python3
"""Measures pre-push and pre-receive: CPU time of the hook beside what git itself needs.

    ./install.sh && python3 tests/bench/push.py --program ~/.local/bin/keyhook

Builds a repository of many commits below .bench/ (kept for the next run), each of which changes one
file of a tree in folders. Then, as medians of the rounds:

- pre-push of 1,000 commits that the ledger knows, beside `git rev-list` of the same: the budget is
  50 ms on top of git's own push;
- pre-push of 1,000 commits that nobody has looked at, beside git reading the same changes;
- pre-receive of 10,000 commits, beside `git index-pack` of what is received.

Options: --rounds N (default 10), --seen N, --received N, --program PATH (default
target/release/keyhook).
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

from run import ENV, ROOT, WORK, git

ZEROS = "0" * 40


def build_history(commits, files=2000):
    """A repository in which each commit appends a function to one of the files."""
    repo = WORK / f"commits-{commits}"
    if (repo / ".git" / "done").exists():
        return repo
    shutil.rmtree(repo, ignore_errors=True)
    repo.mkdir(parents=True)
    git(repo, "init", "-q", "-b", "main")
    texts = {}
    lines = []
    for number in range(-1, commits):
        lines.append(f"commit refs/heads/main\ncommitter b <b@example.com> {number + 2} +0000\n"
                     f"data 12\ncommit {number % 10000:05}\n".encode())
        for index in range(files) if number < 0 else [number * 7 % files]:
            path = f"d{index // 200}/e{index // 20 % 10}/f{index}.py"
            added = f"def function_{index}_{number % 50}(value):\n    return value + {number % 97}\n"
            texts[path] = texts.get(path, "") + added * (4 if number < 0 else 1)
            body = texts[path].encode()
            lines.append(f"M 100644 inline {path}\ndata {len(body)}\n".encode() + body + b"\n")
    git(repo, "fast-import", "--quiet", data=b"".join(lines))
    git(repo, "reset", "-q", "--hard")
    (repo / ".git" / "done").touch()
    return repo


def measure(command, repo, data=b"", extra=None):
    """Runs a command; returns its CPU time with that of its children in ms, and its exit code."""
    process = subprocess.Popen(command, cwd=repo, env={**ENV, **(extra or {})}, stdin=subprocess.PIPE,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               shell=isinstance(command, str))
    process.stdin.write(data)
    process.stdin.close()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    return (usage.ru_utime + usage.ru_stime) * 1000, os.waitstatus_to_exitcode(status)


def compare(name, floor, hook, rounds, budget):
    """`floor` and `hook` are functions that return CPU time and exit code."""
    floors, hooks = [], []
    for number in range(rounds + 1):
        (f, f_code), (h, h_code) = floor(), hook()
        if f_code or h_code:
            sys.exit(f"{name}: git ended with {f_code}, the hook with {h_code}")
        if number:
            floors.append(f)
            hooks.append(h)
    f, h = statistics.median(floors), statistics.median(hooks)
    is_fine = budget(f, h)
    print(f"{name:44} {f:9.1f} {h:9.1f} {h / f:6.2f}  {'ok' if is_fine else 'OVER'}", flush=True)
    return is_fine


def push_line(repo):
    tip = git(repo, "rev-parse", "main").decode().strip()
    return f"refs/heads/main {tip} refs/heads/main {ZEROS}\n".encode()


def bench_push(program, commits, rounds):
    repo = build_history(commits)
    line = push_line(repo)
    seen = repo / ".git" / "keyhook" / "seen"
    hook = [program, "hook", "pre-push", "origin", "../x.git"]
    walk = ["git", "rev-list", "--topo-order", "--reverse", "--parents", "main"]
    read = ("git rev-list main | git diff-tree --stdin --root -r --raw --no-commit-id --no-abbrev | "
            "cut -d' ' -f4 | git cat-file --batch --buffer")

    def unseen():
        seen.unlink(missing_ok=True)
        return measure(hook, repo, line)

    fine = compare(f"pre-push, {commits:,} commits, unseen", lambda: measure(read, repo), unseen, rounds,
                   lambda f, h: h <= 3 * f)
    measure(hook, repo, line)
    return fine & compare(f"pre-push, {commits:,} commits, seen", lambda: measure(walk, repo),
                          lambda: measure(hook, repo, line), rounds, lambda f, h: h - f <= 50)


def bench_receive(program, commits, rounds):
    repo = build_history(commits)
    tip = git(repo, "rev-parse", "main").decode().strip()
    first = git(repo, "rev-list", "--max-parents=0", "main").decode().strip()
    server = WORK / f"server-{commits}.git"
    shutil.rmtree(server, ignore_errors=True)
    git(repo, "clone", "-q", "--bare", "--no-local", ".", str(server))
    git(server, "update-ref", "refs/heads/main", first)
    pack = next((server / "objects" / "pack").glob("*.pack"))
    index = ["git", "index-pack", "--stdin", "--strict"]
    line = f"{first} {tip} refs/heads/main\n".encode()
    fresh = WORK / "fresh.git"

    def receive_by_git():
        shutil.rmtree(fresh, ignore_errors=True)
        git(WORK, "init", "-q", "--bare", str(fresh))
        return measure(index, fresh, pack.read_bytes())

    return compare(f"pre-receive, {commits:,} commits", receive_by_git,
                   lambda: measure([program, "hook", "pre-receive"], server, line),
                   max(3, rounds // 4), lambda f, h: h <= 60_000)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seen", type=int, default=1000)
    parser.add_argument("--received", type=int, default=10_000)
    parser.add_argument("--program", default=str(ROOT / "target/release/keyhook"))
    options = parser.parse_args()
    (WORK / "home").mkdir(parents=True, exist_ok=True)
    program = str(Path(options.program).resolve())
    print(f"{'':44} {'git ms':>9} {'hook ms':>9} {'ratio':>6}")
    fine = bench_push(program, options.seen, options.rounds)
    fine &= bench_receive(program, options.received, options.rounds)
    sys.exit(0 if fine else 1)


if __name__ == "__main__":
    main()
