#!/usr/bin/env python3
"""Measures keyhook on repositories that are made to be large: peak memory and CPU time.

    tests/hostile/run.py [--program PATH] [--small] [NAME...]

Each case makes its repository in a temporary folder, runs the hook, and prints what it answered, the
CPU time of keyhook and its children, and keyhook's peak memory. A wrong answer makes the exit code 1.
`--small` takes a hundredth of everything, to see that the script works. The large files need 8 GB of
free disk.
"""

import argparse
import os
import random
import resource
import string
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MB = 1_000_000
ALNUM = string.ascii_letters + string.digits


def leak(seed: int) -> bytes:
    dice = random.Random(seed)
    body = "".join(dice.choices(ALNUM, k=93))
    return f'client = Anthropic(api_key="sk-ant-api03-{body}AA")\n'.encode()


class Repository:
    def __init__(self, folder: Path) -> None:
        self.top = folder
        self.git("init", "-q", "-b", "main")
        self.git("config", "user.name", "Test")
        self.git("config", "user.email", "test@example.com")
        self.git("config", "gc.auto", "0")

    def git(self, *words: str, text: bytes | None = None) -> str:
        done = subprocess.run(["git", *words], cwd=self.top, input=text, capture_output=True)
        if done.returncode != 0:
            raise SystemExit(f"git {words}: {done.stderr.decode()}")
        return done.stdout.decode().strip()

    def store(self, text: bytes) -> str:
        return self.git("hash-object", "-w", "--stdin", text=text)

    def put(self, lines: list[str]) -> None:
        self.git("update-index", "--index-info", text="".join(lines).encode())


def pieces(total: int, make) -> "iter":
    done = 0
    while done < total:
        piece = make()
        done += len(piece)
        yield piece


def write(path: Path, parts) -> None:
    with path.open("wb") as file:
        for part in parts:
            file.write(part)


def million_entries(repo: Repository, scale: float) -> int:
    clean, key = repo.store(b"x\n"), repo.store(leak(1))
    count = int(1_000_000 * scale)
    repo.put([f"100644 {clean} 0\tmany/{number:07}\n" for number in range(count)])
    repo.git("commit", "-q", "-m", "many")
    repo.put([f"100644 {key} 0\tmany/{count // 2:07}x\n"])
    repo.git("write-tree")
    return 1


def million_new_entries(repo: Repository, scale: float) -> int:
    clean, key = repo.store(b"x\n"), repo.store(leak(1))
    count = int(100_000 * scale)
    repo.put([f"100644 {clean} 0\tmany/{number:07}\n" for number in range(count)])
    repo.put([f"100644 {key} 0\tmany/key\n"])
    repo.git("write-tree")
    return 1


def huge_file(repo: Repository, scale: float) -> int:
    line = b"some text that stands in a dump of a database, over and over again\n" * 15_000
    total = int(2_000 * MB * scale)
    half = list(pieces(total // 2, lambda: line))
    write(repo.top / "huge.sql", (part for part in [*half, leak(1), *half]))
    repo.git("-c", "core.bigFileThreshold=1m", "-c", "core.compression=1", "add", "huge.sql")
    repo.git("write-tree")
    return 1


def huge_object(repo: Repository, scale: float) -> int:
    code = huge_file(repo, scale)
    (repo.top / "huge.sql").write_bytes(b"elsewhere\n")
    return code


def long_line(repo: Repository, scale: float) -> int:
    dice = random.Random(1)
    word = lambda: " ".join("".join(dice.choices(ALNUM, k=9)) for _ in range(1000)).encode()
    block = word()
    total = int(200 * MB * scale)
    half = list(pieces(total // 2, lambda: block))
    write(repo.top / "line.js", [*half, b" " + leak(1).strip() + b" ", *half])
    repo.git("add", "line.js")
    repo.git("write-tree")
    return 1


def line_of_keys(repo: Repository, scale: float) -> int:
    total = int(200 * MB * scale)
    block = b"".join(leak(seed).strip() + b";" for seed in range(2_000))
    write(repo.top / "keys.js", pieces(total, lambda: block))
    repo.git("add", "keys.js")
    repo.git("write-tree")
    return 2 if total > 2 * MB else 1


def deep_trees(repo: Repository, scale: float) -> int:
    key = repo.store(leak(1))
    repo.put([f"100644 {key} 0\t{'a/' * int(4_000 * scale)}app.py\n"])
    return 1


CASES = {
    "million_entries": million_entries,
    "hundred_thousand_new": million_new_entries,
    "huge_file": huge_file,
    "huge_object": huge_object,
    "long_line": long_line,
    "line_of_keys": line_of_keys,
    "deep_trees": deep_trees,
}


def measure(program: str, top: Path) -> tuple[int, float, float]:
    """Returns the exit code, CPU seconds and peak megabytes of one run of the hook."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    time = ["/usr/bin/env", "python3", "-c", PEAK, program]
    done = subprocess.run(time, cwd=top, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    code, peak = done.stdout.split()[-2:]
    return int(code), cpu, int(peak) / 1000


# A small parent of its own, whose largest child is the hook.
PEAK = """import resource, subprocess, sys
code = subprocess.run([sys.argv[1], "hook", "pre-commit"], stderr=subprocess.DEVNULL).returncode
print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=list(CASES))
    parser.add_argument("--program", default=str(ROOT / "target/release/keyhook"))
    parser.add_argument("--small", action="store_true")
    asked = parser.parse_args()
    os.environ["GIT_CONFIG_NOSYSTEM"] = "1"
    wrong = 0
    print(f"{'case':<22}{'answer':>7}{'CPU s':>9}{'peak MB':>9}")
    for name in asked.names or list(CASES):
        with tempfile.TemporaryDirectory() as folder:
            wanted = CASES[name](Repository(Path(folder)), 0.01 if asked.small else 1)
            code, cpu, peak = measure(str(Path(asked.program).resolve()), Path(folder))
        note = "" if code == wanted else f"  WRONG, expected {wanted}"
        wrong += code != wanted
        print(f"{name:<22}{code:>7}{cpu:>9.2f}{peak:>9.1f}{note}", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
