"""Secrets with no provider: passwords and tokens assigned in configuration and code."""

from __future__ import annotations

import base64
import random
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import people
from expand import Expander, Filled
from places import Written, encode

HERE = Path(__file__).parent

# What programs give out as a token, in the shapes that have no vendor.
TOKENS = (
    "{{hex 32}}", "{{hex 40}}", "{{hex 64}}", "{{alnum 32}}", "{{alnum 40}}", "{{alnum 24}}",
    "{{base64url 43}}", "{{base64 43}}=", "{{uuid}}", "{{alnum-lower 36}}",
)  # fmt: skip

# How each item is written, by the names of `places.encode`.
ENCODINGS = {"P": "SECRET", "PU": "SECRET", "PQ": "SECRET", "PS": "STR", "PX": "XML", "PY": "YAML"}


def value(rng: random.Random, item: str) -> str:
    """Returns the secret that an item of a form stands for."""
    made = people.by_a_person(rng) if rng.random() < 0.5 else people.by_a_generator(rng)
    if item == "T":
        return Expander(rng).expand(rng.choice(TOKENS))
    if item == "BASIC":
        return base64.b64encode(f"{rng.choice(people.USERS)}:{made}".encode()).decode()
    if item == "B64P":
        return base64.b64encode(made.encode()).decode()
    if item == "HASH":
        forms = ("$apr1${{crypt 8}}${{crypt 22}}", "$2y$05${{bcrypt 53}}")
        return Expander(rng).expand(rng.choice(forms))
    if item == "PU":
        return people.password(rng)
    # A value in quotes or without any cannot hold what would end it.
    return re.sub(r"[$&#]", "!", made) if item == "PQ" else made


def write(rng: random.Random, file: str, text: str) -> Written:
    """Fills one form."""
    names = {
        "user": rng.choice(people.USERS),
        "word": rng.choice(people.WORDS),
        "port": str(rng.randint(1024, 9999)),
    }
    made, start, end = "", 0, 0
    for position, part in enumerate(re.split(r"<<(\w+)>>", text)):
        if position % 2 == 0:
            made += part
        elif part in names:
            made += names[part]
        else:
            secret = value(rng, part)
            whole = Filled(secret, 0, len(secret))
            encoded, (left, right) = encode(ENCODINGS.get(part, "SECRET"), whole)
            start, end = len(made) + left, len(made) + right
            made += encoded
    return Written(file, made, start, end)


def cases(keys: int, seed: int) -> Iterator[tuple[Written, dict[str, str]]]:
    """Yields every text of every form, several times."""
    for form in tomllib.loads((HERE / "generic.toml").read_text())["form"]:
        for index, text in enumerate(form["texts"]):
            for number in range(2 * keys):
                rng = random.Random(f"{seed}/{form['id']}/{index}/{number}")
                item = next(name for name in re.findall(r"<<(\w+)>>", text) if name.isupper())
                kind = {"T": "token", "HASH": "hash", "BASIC": "basic auth"}.get(item, "password")
                about = {"provider": "generic", "kind": kind, "group": "generic"}
                yield write(rng, form["file"], text), about | {"context": form["id"]}
