"""Fills templates with random text.

A template is text with items in double braces, each replaced by something random:

    {{hex 40}}  {{alnum 20,24}}  {{digits 7-10}}   a run: one length, a choice, a range
    {{alnum+_- 40}}                                an alphabet and a few more characters
    {{uuid}}  {{word}}  {{user}}  {{password}}     things with a form of their own
    {{one a|b|c}}                                  one of several texts
    {{encode base64 TEXT}}                         base64 or base64url of TEXT, itself a template
    {{oneline TEXT}}                               line ends written as \\n
    {{jwt PAYLOAD alg=RS256,kid=x}}                a signed JSON web token
    {{check github-crc32}}                         the vendor's checksum of the text so far
    {{pem RSA PRIVATE KEY}}  {{bytes 12}}  …       see `Expander`

`«` and `»` mark the secret when it is only a part of the text, as in a URL.
"""

from __future__ import annotations

import base64
import random
import re
import uuid
from dataclasses import dataclass

import blocks
import people
from checksums import BECH32, CHECKSUMS, crc16_xmodem

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
DIGITS = "0123456789"
ALPHABETS = {
    "digits": DIGITS,
    "hex": DIGITS + "abcdef",
    "hex-upper": DIGITS + "ABCDEF",
    "alnum": DIGITS + LETTERS + LETTERS.lower(),
    "alnum-lower": DIGITS + LETTERS.lower(),
    "alnum-upper": DIGITS + LETTERS,
    "letters": LETTERS + LETTERS.lower(),
    "base64": LETTERS + LETTERS.lower() + DIGITS + "+/",
    "base64url": LETTERS + LETTERS.lower() + DIGITS + "-_",
    "base58": "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz",
    "base32": LETTERS + "234567",
    "base32-lower": LETTERS.lower() + "234567",
    "crockford": "0123456789ABCDEFGHJKMNPQRSTVWXYZ",
    "bech32": BECH32.upper(),
    "bech32-lower": BECH32,
    "bcrypt": "./" + LETTERS + LETTERS.lower() + DIGITS,
    "crypt": "./" + DIGITS + LETTERS + LETTERS.lower(),
}


@dataclass(frozen=True)
class Filled:
    """A filled template and where its secret is, in characters."""

    text: str
    start: int
    end: int

    @property
    def secret(self) -> str:
        """Returns the secret part."""
        return self.text[self.start : self.end]


def fill(template: str, rng: random.Random) -> Filled:
    """Fills a template and finds its marks; without marks all of it is the secret."""
    head, opened, rest = template.partition("«")
    if not opened:
        text = Expander(rng).expand(template)
        return Filled(text, 0, len(text))
    secret, _, tail = rest.partition("»")
    # The three parts are filled apart, so that a checksum sees the secret alone.
    parts = [Expander(rng).expand(part) for part in (head, secret, tail)]
    start = len(parts[0])
    return Filled("".join(parts), start, start + len(parts[1]))


class Expander:
    """Expands the items of one template, with one source of randomness."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng

    def expand(self, template: str) -> str:
        """Returns the template with every item replaced."""
        text, rest = "", template
        while "{{" in rest:
            head, _, rest = rest.partition("{{")
            body, rest = split_item(rest)
            text += head
            # `{{ .Values.key }}` belongs to the text: our items have no space in front.
            text += f"{{{{{body}}}}}" if body.startswith(" ") else self.item(body, text)
        return text + rest

    def item(self, body: str, so_far: str) -> str:
        """Returns what stands for one item; `so_far` is what a checksum is made of."""
        name, _, rest = body.partition(" ")
        if name == "check":
            return CHECKSUMS[rest](so_far)
        if name == "one":
            return self.rng.choice(rest.split("|"))
        if method := getattr(self, "item_" + name.replace("-", "_"), None):
            return method(rest)
        return self.run(name, rest)

    def run(self, name: str, counts: str) -> str:
        """Returns a random run of an alphabet; added punctuation stays inside the run."""
        base, _, extra = name.partition("+")
        alphabet, count = ALPHABETS[base], self.count(counts)
        text = "".join(self.rng.choices(alphabet + extra, k=count))
        if extra:
            ends = self.rng.choices(alphabet, k=2)
            text = ends[0] + text[1:-1] + ends[1]
        return text

    def count(self, counts: str) -> int:
        """Returns a length: one of a list, or one of a range."""
        if "-" in counts:
            low, high = map(int, counts.split("-"))
            return self.rng.randint(low, high)
        return int(self.rng.choice(counts.split(",")))

    def item_uuid(self, _: str) -> str:
        return str(uuid.UUID(bytes=self.rng.randbytes(16), version=4))

    def item_word(self, _: str) -> str:
        return self.rng.choice(people.WORDS)

    def item_user(self, _: str) -> str:
        return self.rng.choice(people.USERS)

    def item_password(self, _: str) -> str:
        return people.password(self.rng)

    def item_bip39(self, count: str) -> str:
        return blocks.seed_phrase(self.rng, int(count))

    def item_bytes(self, count: str) -> str:
        # Only inside `encode`, which writes latin-1: each character is one byte.
        return self.rng.randbytes(int(count)).decode("latin-1")

    def item_encode(self, rest: str) -> str:
        form, _, text = rest.partition(" ")
        # A payload that ends in `}` needs a space before the item's own braces.
        data = self.expand(text.removesuffix(" ").replace("\\n", "\n")).encode("latin-1")
        if form == "base64url":
            return base64.urlsafe_b64encode(data).decode().rstrip("=")
        return base64.b64encode(data).decode()

    def item_oneline(self, text: str) -> str:
        return self.expand(text).strip().replace("\n", "\\n")

    def item_jwt(self, rest: str) -> str:
        # The options follow the last brace of the payload, and may hold items themselves.
        payload, brace, options = rest.rpartition("} ")
        payload += brace.strip()
        chosen = dict(option.split("=", 1) for option in options.split(",") if option)
        chosen = {name: self.expand(value) for name, value in chosen.items()}
        return blocks.jwt(self.rng, self.expand(payload), chosen)

    def item_nkey(self, role: str) -> str:
        first, second = {"U": (20 << 3), "A": 0, "O": (14 << 3)}[role], 18 << 3
        data = bytes([second | first >> 5, (first & 31) << 3]) + self.rng.randbytes(32)
        return base64.b32encode(data + crc16_xmodem(data)).decode().rstrip("=")

    def item_pem(self, label: str) -> str:
        return blocks.pem(self.rng, label)

    def item_pgp(self, _: str) -> str:
        return blocks.pgp(self.rng)

    def item_putty(self, _: str) -> str:
        return blocks.putty(self.rng)

    def item_gcp_account(self, _: str) -> str:
        return blocks.gcp_account(self.rng)

    def item_gcp_user(self, _: str) -> str:
        return blocks.gcp_user(self.rng)

    def item_coinbase_json(self, _: str) -> str:
        return blocks.coinbase(self.rng)

    def item_tink(self, _: str) -> str:
        return blocks.tink(self.rng)


def split_item(text: str) -> tuple[str, str]:
    """Splits behind the item whose opening braces were just taken off, nested ones inside."""
    depth, position = 1, 0
    for match in re.finditer(r"\{\{|\}\}", text):
        depth += 1 if match.group() == "{{" else -1
        position = match.start()
        if depth == 0:
            return text[:position], text[match.end() :]
    raise ValueError(f"an item without its end: {text!r}")
