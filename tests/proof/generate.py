"""Generates the cases: files with a known secret, or with none.

Nothing of this is ever committed: every run writes a new set below a folder outside the
repository, from facts (`kinds.json`) and places (`contexts.toml`). The same seed makes the same
set. Folder names are numbers, so that a path is no evidence; file names are those of the world.

    python3 tests/proof/generate.py --out /tmp/keyhook-proof --keys 5 --seed 1
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import tomllib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import generic
import negatives
from expand import Filled, fill
from places import NATIVE, Place, Written

HERE = Path(__file__).parent
DEFAULT_OUT = Path("/tmp/keyhook-proof")

# A file and what is known of it.
Made = tuple[Written, dict[str, str]]

# Contexts that make no sense for a value that is a URL or a list of its own.
NOT_FOR_URLS = {"url", "header", "sdk"}


@dataclass(frozen=True)
class Case:
    """One generated file: where the secret is and what it is; kind `none` has no secret."""

    path: str
    start: int
    end: int
    line: int
    line_end: int
    group: str
    provider: str
    kind: str
    context: str


def form_of(provider: str, filled: Filled) -> str:
    """Returns which contexts fit a secret: those of a token, a block or a line."""
    if "\n" in filled.text:
        return "block"
    return "line" if provider in NATIVE and filled.secret != filled.text else "token"


def group_of(kind: dict[str, Any]) -> str:
    """Returns the group whose recall a kind counts for."""
    return f"{kind['group']}-{'shaped' if kind['shaped'] else 'shapeless'}"


def key_cases(facts: dict[str, Any], keys: int, seed: int) -> Iterator[Made]:
    """Yields every kind in every context that fits it, with fresh keys each time."""
    contexts = tomllib.loads((HERE / "contexts.toml").read_text())["context"]
    for kind in facts["kinds"]:
        if kind["public"] or kind["identifier"]:
            continue
        for number in range(keys):
            # One source for each kind and key: a new kind leaves all others as they are.
            rng = random.Random(f"{seed}/{kind['provider']}/{kind['kind']}/{number}")
            yield from key_in_contexts(facts, kind, contexts, rng)


def key_in_contexts(
    facts: dict[str, Any], kind: dict[str, Any], contexts: list[dict[str, Any]], rng: random.Random
) -> Iterator[Made]:
    """Yields one file for each context, each with a key of its own."""
    provider = kind["provider"]
    for context in contexts:
        filled = fill(rng.choice(kind["templates"]), rng)
        if context["form"] != form_of(provider, filled):
            continue
        if context["id"] in NOT_FOR_URLS and ("://" in filled.text or ";" in filled.text):
            continue
        place = Place(rng, provider, facts["providers"][provider], kind)
        about = {"provider": provider, "kind": kind["kind"], "context": context["id"]}
        yield place.write(context, filled), about | {"group": group_of(kind)}


def public_cases(facts: dict[str, Any], keys: int, seed: int) -> Iterator[Made]:
    """Yields publishable keys and lone ids in code, which nobody should report."""
    for kind in facts["kinds"]:
        if not (kind["public"] or kind["identifier"]):
            continue
        for number in range(keys):
            rng = random.Random(f"{seed}/{kind['provider']}/{kind['kind']}/{number}")
            value = fill(rng.choice(kind["templates"]), rng).text
            text = rng.choice(negatives.PUBLIC_PLACES).replace("<<VALUE>>", value)
            about = {"provider": kind["provider"], "kind": kind["kind"], "group": "negative"}
            context = "publishable key" if kind["public"] else "lone id"
            yield Written("src/config.js", text, 0, 0), about | {"context": context}


def all_cases(facts: dict[str, Any], keys: int, seed: int) -> Iterator[Made]:
    """Yields every case of a set."""
    yield from key_cases(facts, keys, seed)
    yield from generic.cases(keys, seed)
    yield from public_cases(facts, keys, seed)
    yield from negatives.cases(facts, keys, seed)


def write_case(out: Path, number: int, written: Written, about: dict[str, str]) -> Case:
    """Writes one file and returns its case, with the span in bytes."""
    path = f"{number // 1000:03}/{number % 1000:03}/{written.file}"
    (out / path).parent.mkdir(parents=True, exist_ok=True)
    (out / path).write_bytes(written.text.encode())
    head = written.text[: written.start]
    secret = written.text[written.start : written.end]
    start, line = len(head.encode()), head.count("\n") + 1
    end = start + len(secret.encode())
    return Case(path, start, end, line, line + secret.count("\n"), **about)


def generate(out: Path, keys: int, seed: int) -> int:
    """Writes a whole set below a folder, which is emptied first; returns the number of cases."""
    facts = json.loads((HERE / "kinds.json").read_text())
    cases = out / "cases"
    if cases.exists():
        shutil.rmtree(cases)
    cases.mkdir(parents=True)
    count = 0
    with (out / "manifest.jsonl").open("w") as manifest:
        for count, (written, about) in enumerate(all_cases(facts, keys, seed), start=1):
            case = write_case(cases, count, written, about)
            manifest.write(json.dumps(asdict(case)) + "\n")
    return count


def load(out: Path) -> list[Case]:
    """Returns the cases of a set that was written before."""
    lines = (out / "manifest.jsonl").read_text().splitlines()
    return [Case(**json.loads(line)) for line in lines]


def main() -> None:
    """Generates a set as the arguments say."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT)
    parser.add_argument("--keys", type=int, default=5, help="keys of each kind and context")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    print(f"{generate(args.out, args.keys, args.seed)} cases below {args.out}")


if __name__ == "__main__":
    main()
