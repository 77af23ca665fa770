"""Texts without a secret that look as if they had one.

Each is of a class, and the table counts false alarms by class. Nothing of this may be reported:
placeholders, references to a secret kept elsewhere, ids, digests, and keys that are one
character short of their shape.
"""

from __future__ import annotations

import base64
import random
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import people
from expand import Expander, fill
from places import Place, Written

HERE = Path(__file__).parent

# Where a publishable key or an id stands.
PUBLIC_PLACES = (
    "export const config = {\n  region: 'eu-west-1',\n  id: '<<VALUE>>',\n};\n",
    "window.__APP__ = {\"id\": \"<<VALUE>>\", \"env\": \"production\"};\n",
    "<script src=\"/app.js\" data-id=\"<<VALUE>>\"></script>\n",
)


def near_miss(rng: random.Random, template: str) -> str | None:
    """Returns a key with one character too few, or nothing if the kind allows that length."""
    runs = re.findall(r"\{\{(hex|alnum|base64url|alnum-upper|base58) (\d+)\}\}", template)
    if len(runs) != 1 or template.count("{{") != 1 or int(runs[0][1]) < 16:
        return None
    name, count = runs[0]
    return fill(template.replace(f"{name} {count}", f"{name} {int(count) - 1}"), rng).text


def near_misses(
    facts: dict[str, Any], keys: int, seed: int
) -> Iterator[tuple[Written, dict[str, str]]]:
    """Yields keys with a prefix and one length, cut by one, in prose without a name."""
    for kind in facts["kinds"]:
        template = kind["templates"][0]
        # A bare run of hex is no near miss of anything; only a prefix makes it one.
        bare = template.startswith("{{") or not kind["shaped"] or not kind["fixed"]
        if bare or len(kind["templates"]) != 1:
            continue
        for number in range(keys):
            rng = random.Random(f"{seed}/miss/{kind['provider']}/{kind['kind']}/{number}")
            if text := near_miss(rng, template):
                line = rng.choice(["see {} in the log\n", "- {}\n", "ref {}, closed\n"])
                about = {"provider": kind["provider"], "kind": kind["kind"], "group": "negative"}
                written = Written("CHANGES.txt", line.format(text), 0, 0)
                yield written, about | {"context": "one character short"}


def class_cases(
    facts: dict[str, Any], keys: int, seed: int
) -> Iterator[tuple[Written, dict[str, str]]]:
    """Yields the classes of `negatives.toml`, under the names of real providers."""
    providers = [name for name, of in facts["providers"].items() if of["env_vars"]]
    for entry in tomllib.loads((HERE / "negatives.toml").read_text())["class"]:
        for index, text in enumerate(entry["texts"]):
            for number in range(2 * keys):
                rng = random.Random(f"{seed}/{entry['id']}/{index}/{number}")
                provider = rng.choice(providers)
                kind = {"kind": "", "shaped": False, "group": "ai"}
                names = Place(rng, provider, facts["providers"][provider], kind).names
                values = names | {"user": rng.choice(people.USERS)}
                named = re.sub(r"<<(\w+)>>", lambda item: values[item.group(1)], text)
                about = {"provider": "none", "kind": "none", "group": "negative"}
                written = Written(entry["file"], Expander(rng).expand(named), 0, 0)
                yield written, about | {"context": entry["id"]}


def map_cases(keys: int, seed: int) -> Iterator[tuple[Written, dict[str, str]]]:
    """Yields source maps and minified bundles, which are one long line of everything."""
    about = {"provider": "none", "kind": "none", "group": "negative"}
    for number in range(2 * keys):
        rng = random.Random(f"{seed}/map/{number}")
        mappings = ";".join(
            "".join(rng.choices("ACDEGIKMOQSUWYcegikmoqsuwy", k=rng.randint(4, 40)))
            for _ in range(200)
        )
        names = '"sources":["a.ts"],"names":["apiKey","token"]'
        text = f'{{"version":3,{names},"mappings":"{mappings}"}}'
        yield Written("dist/app.js.map", text, 0, 0), about | {"context": "source map"}
        image = base64.b64encode(b"\x89PNG\r\n\x1a\n" + rng.randbytes(3000)).decode()
        style = f'.logo{{background:url("data:image/png;base64,{image}")}}\n'
        yield Written("dist/app.min.css", style, 0, 0), about | {"context": "data url"}


def cases(
    facts: dict[str, Any], keys: int, seed: int
) -> Iterator[tuple[Written, dict[str, str]]]:
    """Yields every case without a secret."""
    yield from near_misses(facts, max(1, keys // 2), seed)
    yield from class_cases(facts, keys, seed)
    yield from map_cases(keys, seed)
