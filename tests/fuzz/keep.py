#!/usr/bin/env python3
"""Chooses what of a fuzzing run is stored: small inputs that reach much.

    tests/fuzz/run TARGET 300 && tests/fuzz/keep.py [--program PATH] [TARGET...]

It takes the corpora that `run` has grown below target/fuzz, leaves out what is longer than 4 KB and
whatever holds something of the shape of a key, even if keyhook would be quiet about it, and chooses those that reach the
most branches for their size. They go to corpus/TARGET.txt, one a line, with the escapes of Rust's
`escape_ascii`, until the file is full.
"""

import argparse
import functools
import heapq
import json
import operator
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
FUZZ = ROOT / "target/fuzz"
INPUT_MAX = 4096
FILE_MAX = 28_000
# Nobody else takes these for the password of anything either.
HARMLESS = {"dummy", "not-random", "placeholder", "reference"}
ESCAPES = {9: "\\t", 10: "\\n", 13: "\\r", 34: '\\"', 39: "\\'", 92: "\\\\"}


def escaped(text: bytes) -> str:
    shown = lambda byte: chr(byte) if 32 <= byte < 127 else f"\\x{byte:02x}"
    return "".join(ESCAPES.get(byte) or shown(byte) for byte in text)


def scanned(program: str, folder: pathlib.Path, *options: str) -> dict:
    """Returns what keyhook says of a folder."""
    command = [program, "scan", "--confidence", "low", "--no-baseline", "--format", "json"]
    done = subprocess.run([*command, *options, "."], cwd=folder, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        sys.exit(f"{' '.join(command)}: exit code {done.returncode}\n{done.stderr}")
    return json.loads(done.stdout)


def found_in(program: str, folder: pathlib.Path) -> set[tuple[str, int]]:
    """Returns each name and line in a folder where something has the shape of a key."""
    shapes = [(found["path"], found) for found in scanned(program, folder)["findings"]]
    for file in scanned(program, folder, "--explain")["explained"]:
        shapes += [(file["path"], said) for said in file["opinions"] if not is_harmless(said)]
    return {(path, line) for path, at in shapes for line in range(at["line"], at["end_line"] + 1)}


def is_harmless(opinion: dict) -> bool:
    return opinion["rule"] == "generic-assignment" and opinion["verdict"] in HARMLESS


def clean(program: str, texts: list[bytes]) -> list[bytes]:
    """Returns the texts without a finding, raw or escaped."""
    while True:
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            for index, text in enumerate(texts):
                (folder / f"{index}").write_bytes(text)
            (folder / "all.txt").write_text("".join(escaped(text) + "\n" for text in texts))
            found = found_in(program, folder)
        bad = {line - 1 if path == "all.txt" else int(path) for path, line in found}
        if not bad:
            return texts
        texts = [text for index, text in enumerate(texts) if index not in bad]


def reached(binary: pathlib.Path, texts: list[bytes]) -> list[int]:
    """Returns for each text the branches that it reaches, as the bits of a number."""
    with tempfile.TemporaryDirectory() as name:
        every, few, notes = (pathlib.Path(name) / part for part in ("every", "few", "notes"))
        every.mkdir(), few.mkdir()
        for index, text in enumerate(texts):
            (every / f"{index}").write_bytes(text)
        # What a merge notes down of each text is what is wanted here, not what it would choose.
        options = ["-set_cover_merge=1", "-use_counters=0", "-rss_limit_mb=0"]
        command = [binary, *options, f"-merge_control_file={notes}", few, every]
        done = subprocess.run(command, cwd=name, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{binary.name} does not merge:\n{done.stderr[-2000:]}")
        header = int(notes.read_text().split("\n", 1)[0])
        names, bits, numbers = [], [0] * len(texts), {}
        with notes.open() as lines:
            for place, line in enumerate(lines):
                words = line.split()
                if 2 <= place < 2 + header:
                    names.append(int(pathlib.Path(line.strip()).name))
                elif words[:1] == ["FT"]:
                    own = sum(1 << numbers.setdefault(word, len(numbers)) for word in words[2:])
                    bits[names[int(words[1])]] = own
        return bits


def chosen(binary: pathlib.Path, texts: list[bytes]) -> list[bytes]:
    """Returns texts that fit into the file: first those that reach the most new branches a byte."""
    bits, size, known = reached(binary, texts), 0, 0
    cost = [len(escaped(text)) + 20 for text in texts]
    gain = lambda index: (bits[index] & ~known).bit_count() / cost[index]
    waiting = [(-gain(index), index) for index in range(len(texts))]
    heapq.heapify(waiting)
    kept = []
    while waiting:
        _, index = heapq.heappop(waiting)
        now = -gain(index)
        if now == 0 or size + cost[index] > FILE_MAX:
            continue
        if waiting and now > waiting[0][0]:
            heapq.heappush(waiting, (now, index))
            continue
        kept.append(texts[index])
        size, known = size + cost[index], known | bits[index]
    every = functools.reduce(operator.or_, bits, 0)
    print(f"  {known.bit_count()} of {every.bit_count()} branches by {len(kept)} of {len(texts)}")
    return kept


def keep(program: str, binary: pathlib.Path, target: str) -> None:
    print(target, flush=True)
    files = (FUZZ / "corpus" / target).iterdir()
    texts = sorted({file.read_bytes() for file in files if file.stat().st_size <= INPUT_MAX})
    kept = chosen(binary, clean(program, [text for text in texts if text]))
    # In the order of the file, because words of a line count for the next ones.
    kept = clean(program, sorted(kept, key=lambda text: (len(text), text)))
    (HERE / "corpus").mkdir(exist_ok=True)
    lines = "".join(escaped(text) + "\n" for text in kept)
    (HERE / "corpus" / f"{target}.txt").write_text(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("targets", nargs="*", metavar="TARGET")
    parser.add_argument("--program", default=str(ROOT / "target/debug/keyhook"))
    asked = parser.parse_args()
    known = sorted(file.stem for file in (HERE / "fuzz_targets").glob("*.rs"))
    binaries = next(FUZZ.glob("*-*/debug"))
    for target in asked.targets or known:
        keep(str(pathlib.Path(asked.program).resolve()), binaries / target, target)


if __name__ == "__main__":
    main()
