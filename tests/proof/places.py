"""Puts one secret into one context.

A `Place` holds the names that stand around a secret. A key with a shape is found under any
name, so half of the names are those of its provider and half are what people call keys. A key
without a shape gets its evidence here: the provider's variable, host, header or client.
"""

from __future__ import annotations

import base64
import json
import random
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

import people
from expand import ALPHABETS, Filled

HERE = Path(__file__).parent
SDKS = tomllib.loads((HERE / "sdks.toml").read_text())

# What people call a key whose provider they do not name.
COMMON_NAMES = (
    "API_KEY API_TOKEN ACCESS_TOKEN AUTH_TOKEN SECRET_KEY TOKEN SECRET CLIENT_SECRET APP_KEY "
    "SERVICE_TOKEN BOT_TOKEN CREDENTIAL PROD_KEY KEY"
).split()

# Contexts in which a shell, or something like one, reads the value.
SHELLS = {"shell", "dockerfile", "github-actions", "gitlab-ci"}

# Kinds that are lines of a file of their own: its name, and what stands around the line.
NATIVE = {
    "wireguard": ("wg0.conf", "[Interface]\nAddress = 10.8.0.2/24\n", ""),
    "npmrc": (".npmrc", "registry=https://registry.npmjs.org/\n", ""),
    "pypirc": (".pypirc", "[pypi]\nusername = deploy\n", ""),
    "netrc": (".netrc", "", ""),
    "docker-config": ("config.json", '{"auths": {"ghcr.io": {', "}}}\n"),
    "kubernetes": ("kubeconfig", "users:\n- name: admin\n  user:\n    ", ""),
    "password-hash": (".htpasswd", "", ""),
    "authorization-header": ("requests.http", "", ""),
}


@dataclass(frozen=True)
class Written:
    """A file with a secret in it, as a case stores it."""

    file: str
    text: str
    start: int
    end: int


def provider_names(facts: dict[str, Any], provider: str, kind: str) -> list[str]:
    """Returns the variable names that fit a kind of a provider, the best alone if any fit well."""
    words = set(re.findall(r"[a-z]+", kind.lower()))
    # `KUBECONFIG` holds a path; of a pair the access key is the id.
    secret = [name for name in facts["env_vars"] if not re.search(r"_(ID|AK|URI|URL)$|CONFIG$", name)]
    if any(name.endswith("SECRET_KEY") for name in secret):
        secret = [name for name in secret if "SECRET" in name or not name.endswith("ACCESS_KEY")]
    if re.search(r"url|connection string|uri", kind.lower()):
        secret = [name for name in facts["env_vars"] if re.search(r"UR[IL]|CONN|DSN", name)]
    scores = {name: len(words & set(name.lower().split("_"))) for name in secret}
    best = [name for name in secret if scores[name] == max(scores.values()) > 1]
    if not (best or secret):
        return [made_up_name(provider, kind)]
    return best or secret


def made_up_name(provider: str, kind: str) -> str:
    """Returns a name for a kind whose provider documents none."""
    endings = {
        "connection string": "CONNECTION_STRING",
        "webhook url": "WEBHOOK_URL",
        "url": "URL",
        "uri": "URI",
        "client secret": "CLIENT_SECRET",
        "private key": "PRIVATE_KEY",
        "seed": "SEED",
        "password": "PASSWORD",
        "token": "TOKEN",
        "secret": "SECRET",
    }
    ending = next((end for word, end in endings.items() if word in kind.lower()), "API_KEY")
    return f"{provider.replace('-', '_').upper()}_{ending}"


def camel_case(name: str) -> str:
    """Returns `API_KEY` as `apiKey`."""
    first, *rest = name.lower().split("_")
    return first + "".join(word.capitalize() for word in rest)


class Place:
    """The names around one secret."""

    def __init__(
        self, rng: random.Random, provider: str, facts: dict[str, Any], kind: dict[str, Any]
    ) -> None:
        self.rng, self.provider, self.kind = rng, provider, kind
        named = not kind["shaped"] or rng.random() < 0.5
        names = provider_names(facts, provider, kind["kind"]) if named else COMMON_NAMES
        env = rng.choice(names)
        header, _, before = facts["header"].partition(": ")
        ident = provider.replace("-", "_")
        hosts = facts["hosts"] or [f"api.{provider}.com"]
        native = NATIVE.get(provider, ("setup.txt", "", ""))
        self.names = {
            "ENV": env,
            "snake": env.lower(),
            "kebab": env.lower().replace("_", "-"),
            "camel": camel_case(env),
            "NAME": re.split(r" [/(]", facts["name"])[0],
            "slug": provider if named else rng.choice(people.WORDS),
            "ident": ident,
            "Camel": "".join(word.capitalize() for word in ident.split("_")),
            "host": hosts[0],
            "HEADER": header,
            "PRE": before.removesuffix("<key>"),
            "word": rng.choice(people.WORDS),
            "WORD": rng.choice(people.WORDS).upper()[:4],
            "port": str(rng.randint(1024, 9999)),
            "AKIA": "AKIA" + "".join(rng.choices(ALPHABETS["base32"], k=16)),
            "AC": "AC" + rng.randbytes(16).hex(),
            "NATIVE": native[0],
            "BEFORE": native[1],
            "AFTER": native[2],
        }

    def variants(self, context: dict[str, Any], filled: Filled) -> list[str]:
        """Returns the texts of a context that fit the kind and its value."""
        texts = self.forms(context)
        if context["id"] in SHELLS and re.search(r"[\s;&|$`()<>]", filled.text):
            # Nobody writes such a value bare where a shell reads it.
            texts = [text for text in texts if not re.search(r"[= ]<<SECRET>>", text)] or texts
        return texts

    def forms(self, context: dict[str, Any]) -> list[str]:
        """Returns the texts of a context that fit the kind."""
        if not self.kind["shaped"] and "shapeless" in context:
            return context["shapeless"]
        if context["variants"] != ["sdks.toml"]:
            return context["variants"]
        if forms := SDKS["sdk"].get(self.provider):
            return forms
        return SDKS["any"] + (SDKS["openai-like"] if self.kind["group"] == "ai" else [])

    def write(self, context: dict[str, Any], filled: Filled) -> Written:
        """Writes a secret into one of the context's texts."""
        text = self.rng.choice(self.variants(context, filled))
        file = re.sub(r"<<(\w+)>>", lambda item: self.names[item.group(1)], context["file"])
        made, start, end = "", 0, 0
        for position, part in enumerate(re.split(r"<<(\w+)>>", text)):
            if position % 2 == 0:
                made += part
            elif part in self.names:
                made += self.names[part]
            else:
                encoded, (left, right) = encode(part, filled)
                start, end = len(made) + left, len(made) + right
                made += encoded
        return Written(file, made, start, end)


def encode(form: str, filled: Filled) -> tuple[str, tuple[int, int]]:
    """Returns a filled template as a form writes it, and where its secret is there."""
    if form == "B64":
        text = base64.b64encode(filled.text.encode()).decode()
        return text, (0, len(text))
    if form == "YAML":
        form = "SECRET" if re.fullmatch(r"[A-Za-z0-9_./+=-]+", filled.text) else "QUOTED"
    if form == "QUOTED":
        text, (left, right) = encode("STR", filled)
        return f'"{text}"', (left + 1, right + 1)
    head, tail = filled.text[: filled.start], filled.text[filled.end :]
    parts = [ENCODERS[form](part) for part in (head, filled.secret, tail)]
    start = len(parts[0])
    return "".join(parts), (start, start + len(parts[1]))


def in_string(text: str) -> str:
    """Returns text as it stands between double quotes."""
    return json.dumps(text, ensure_ascii=False)[1:-1]


def behind(margin: str) -> Any:
    """Returns an encoder that puts a margin before every line."""
    return lambda text: "\n".join(margin + line for line in text.split("\n")) if text else ""


def notebook_lines(text: str) -> str:
    """Returns every line as a JSON string of a cell's source."""
    return "\n".join(f'    "{in_string(line + chr(10))}",' for line in text.split("\n") if text)


ENCODERS: dict[str, Any] = {
    "SECRET": lambda text: text,
    "STR": in_string,
    "STR2": lambda text: in_string(in_string(text)),
    "XML": lambda text: escape(text, {'"': "&quot;"}),
    "URL": lambda text: quote(text, safe="-._~"),
    "INDENT4": behind("    "),
    "INDENT6": behind("      "),
    "INDENT10": behind("          "),
    "ADD": behind("+"),
    "LINES4": notebook_lines,
}
