#!/usr/bin/env python3
"""Shows how CPU time and memory grow with the size of hostile texts: nothing may be quadratic.

    ./install.sh && python3 tests/bench/growth.py --program ~/.local/bin/keyhook

For each kind of text it scans files of doubling size and prints the CPU time of each, the ratio to
the half of it, and the peak memory. A ratio above 2.3 (of runs of at least 0.2 seconds) is worse
than linear and is said so; the exit code is then 1. Ratios of CPU time hold on a busy machine too.

Options: --from MB (default 1), --to MB (default 64), --kinds a,b, --list, --long MB (also one line
of this many MB; 200 is what the design asks for), --patience SECONDS (default 120; a kind that takes
longer is not doubled again), --program PATH (default target/release/keyhook).
"""

import argparse
import base64
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MB = 1_000_000
WORSE = 2.3
TELLING = 0.2
ALNUM = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
HEX = b"0123456789abcdef"
# The starts of keys, cut off before there is anything to protect.
STARTS = b"sk- sk-ant- sk-proj- ghp_ github_pat_ glpat- xoxb- AKIA AIza SG. hf_ npm_ pypi- dop_v1_ eyJ"


def token(dice, alphabet, length):
    return bytes(dice.choices(alphabet, k=length))


def repeated(piece):
    return lambda size, dice: piece * (size // len(piece) + 1)


def lines(make):
    """Lines of which a thousand differ: as many candidates, made in no time."""
    def text(size, dice):
        block = b"".join(make(dice, number) + b"\n" for number in range(1000))
        return block * (size // len(block) + 1)
    return text


def fresh(make):
    """Lines that all differ."""
    def text(size, dice):
        made, length, number = [], 0, 0
        while length < size:
            made.append(make(dice, number) + b"\n")
            length += len(made[-1])
            number += 1
        return b"".join(made)
    return text


def encoded(depth):
    def text(size, dice):
        plain = b"".join(b"key_%d = %s\n" % (i, token(dice, ALNUM, 32)) for i in range(2000))
        for _ in range(depth):
            plain = base64.b64encode(plain)
        return (plain + b"\n") * (size // len(plain) + 1)
    return text


def one_blob(alphabet):
    def text(size, dice):
        block = token(dice, alphabet, 65_521)
        return block * (size // len(block) + 1)
    return text


def on_one_line(text):
    return lambda size, dice: text(size, dice).replace(b"\n", b" ")


SOURCE = lines(lambda dice, i: b"    value_%d = compute(%d, name='item')" % (i, i))
NEAR = lines(lambda dice, i: b"mistral_api_key = '%s'" % token(dice, HEX, 32))
KEYS = fresh(lambda dice, i: b"k = 'sk-ant-api03-%sAA'" % token(dice, ALNUM, 93))

KINDS = {
    "source": SOURCE,
    "source-line": on_one_line(SOURCE),
    "starts": repeated(STARTS + b" "),
    "one-start": repeated(b"sk-ant-"),
    "keys": KEYS,
    "keys-line": on_one_line(KEYS),
    "near": NEAR,
    "near-line": on_one_line(NEAR),
    "near-words": repeated(b"mistral cohere together deepgram "),
    "values": fresh(lambda dice, i: token(dice, HEX, 32)),
    "password": repeated(b"password="),
    "passwords": lines(lambda dice, i: b"password=%s" % token(dice, ALNUM, 14)),
    "passwords-line": on_one_line(lines(lambda dice, i: b"password=%s;" % token(dice, ALNUM, 14))),
    "placeholders": repeated(b"api_key = 'your-key-here'\n"),
    "urls": repeated(b"://"),
    "url-passwords": lines(lambda dice, i: b"postgres://u:%s@h/d" % token(dice, ALNUM, 14)),
    "pem": repeated(b"-----BEGIN PRIVATE KEY-----\n"),
    "pem-dashes": repeated(b"-----BEGIN"),
    "base64-1": encoded(1),
    "base64-3": encoded(3),
    "blob-base64": one_blob(ALNUM + b"+/"),
    "blob-hex": one_blob(HEX),
    "one-letter": repeated(b"a"),
    "quotes": repeated(b"\\\""),
    "backslashes": repeated(b"\\"),
    "nested-json": repeated(b"{\"a\": \"{\\\"b\\\": \\\"{\\\\\\\"c\\\\\\\": "),
    "percent": repeated(b"%25"),
    "unicode-escapes": repeated(b"\\u005cu0041"),
    "entities": repeated(b"&#38;amp;"),
    "colours": repeated(b"\x1b[31m"),
    "colons": repeated(b"a1b2c3d4:"),
    "dots": repeated(b"eyJhbGciOi."),
    "utf-16": lambda size, dice: SOURCE(size // 2, dice).decode().encode("utf-16-le"),
    "gitleaks": repeated(b"acme_ globex_ initech_ "),
    "gitleaks-line": on_one_line(fresh(lambda dice, i: b"acme_%s" % token(dice, ALNUM, 32))),
}

GITLEAKS = "".join(f"""
[[rules]]
id = "{name}"
regex = '''{name}_([A-Za-z0-9]{{32}})'''
keywords = ["{name}_"]
[[rules.allowlists]]
regexTarget = "line"
stopwords = ["nothing"]
""" for name in ("acme", "globex", "initech"))


def write(file, kind, size):
    """Writes a text in a process of its own: what it needs is not to count as the program's."""
    writer = os.fork()
    if writer == 0:
        file.write_bytes(KINDS[kind](size, random.Random(1))[:size])
        os._exit(0)
    if os.waitpid(writer, 0)[1] != 0:
        sys.exit(f"cannot write {size} bytes of {kind}")


def measure(program, folder, kind, size):
    """Returns CPU seconds and peak memory in MB."""
    write(folder / "text.txt", kind, size)
    command = [program, "scan", "--format", "jsonl", "text.txt"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE) as child:
        problem = child.stderr.read()
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    # A gitleaks rule that matches too often is given up, and says so: that is 2 as well.
    if child.returncode not in (0, 1) and b"text.txt" not in problem and b"rule" not in problem:
        sys.exit(f"exit code {child.returncode}: {problem.decode(errors='replace')[:500]}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def repository(folder, is_gitleaks):
    subprocess.run(["git", "init", "-q", folder], check=True)
    if is_gitleaks:
        (folder / ".gitleaks.toml").write_text(GITLEAKS)
        (folder / ".keyhook.toml").write_text('gitleaks = ".gitleaks.toml"\n')


def grow(program, kind, options):
    """Prints one kind; returns its worst telling ratio."""
    print(f"{kind}")
    worst, last, size = 0.0, None, options.smallest
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        repository(folder, kind.startswith("gitleaks"))
        while size <= options.largest:
            seconds, memory = measure(program, folder, kind, size * MB)
            ratio = seconds / last if last else 0.0
            is_worse = ratio > WORSE and seconds >= TELLING
            shown = f"x{ratio:4.2f}" if last else "     "
            verdict = "  worse than linear" if is_worse else ""
            print(f"  {size:4} MB  {seconds:8.2f} s  {shown}  {memory:6.0f} MB{verdict}", flush=True)
            worst = max(worst, ratio) if seconds >= TELLING else worst
            if seconds > options.patience:
                print("        not doubled again: it takes too long")
                break
            last, size = seconds, size * 2
    return worst


def one_long_line(program, size):
    print(f"one line of {size} MB")
    bad = False
    for kind in ("source-line", "near-line", "one-letter", "blob-base64", "percent"):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            repository(folder, False)
            half, _ = measure(program, folder, kind, size * MB // 2)
            seconds, memory = measure(program, folder, kind, size * MB)
            is_worse = seconds / half > WORSE
            bad |= is_worse
            verdict = "  worse than linear" if is_worse else ""
            print(f"  {kind:12} {seconds:8.2f} s  x{seconds / half:4.2f}  {memory:6.0f} MB{verdict}",
                  flush=True)
    return bad


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--program", default=str(ROOT / "target/release/keyhook"))
    parser.add_argument("--from", dest="smallest", type=int, default=1, metavar="MB")
    parser.add_argument("--to", dest="largest", type=int, default=64, metavar="MB")
    parser.add_argument("--long", type=int, default=0, metavar="MB")
    parser.add_argument("--kinds", default="")
    parser.add_argument("--patience", type=float, default=120, metavar="SECONDS")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    if options.list:
        print("\n".join(KINDS))
        return
    program = str(Path(options.program).resolve())
    kinds = [kind for kind in options.kinds.split(",") if kind] or list(KINDS)
    worst = {kind: grow(program, kind, options) for kind in kinds}
    is_long_bad = options.long > 0 and one_long_line(program, options.long)
    bad = [f"{kind} (x{ratio:.2f})" for kind, ratio in worst.items() if ratio > WORSE]
    print("worse than linear: " + (", ".join(bad) if bad else "none"))
    sys.exit(1 if bad or is_long_bad else 0)


if __name__ == "__main__":
    main()
