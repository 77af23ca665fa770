"""The checksums that vendors put into their tokens.

Each function takes the token up to its checksum and returns the checksum. The algorithms are
those of the reference files; `test_proof.py` holds them to the reference's test vectors.
"""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Callable

DIGITS = "0123456789"
LOWER = "abcdefghijklmnopqrstuvwxyz"
BASE36 = DIGITS + LOWER
BASE62 = DIGITS + LOWER.upper() + LOWER
BASE62_LOWER_FIRST = DIGITS + LOWER + LOWER.upper()
BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def in_base(number: int, digits: str, width: int) -> str:
    """Writes a number in the base of the given digits, padded on the left."""
    text = ""
    while number:
        number, rest = divmod(number, len(digits))
        text = digits[rest] + text
    return text.rjust(width, digits[0])


def crc(text: str) -> int:
    """Returns the CRC-32 that zlib, PNG and most token formats use."""
    return zlib.crc32(text.encode())


def little_endian(text: str) -> bytes:
    """Returns the CRC-32 as bytes, the lowest first."""
    return crc(text).to_bytes(4, "little")


def after(head: str, prefix_length: int) -> str:
    """Returns the random part of a token."""
    return head[prefix_length:]


def github_fine_grained(head: str) -> str:
    """Returns eight base32 characters of the SHA-256 of everything so far."""
    return base64.b32encode(hashlib.sha256(head.encode()).digest()).decode()[:8]


def gitlab_routable(head: str) -> str:
    """Returns the payload's length and the CRC of the token with it."""
    payload = head.split("-", 1)[1].split(".")[0]
    length = in_base(len(payload), BASE36, 2)
    return length + in_base(crc(head + length), BASE36, 7)


def bech32(head: str) -> str:
    """Returns the six check characters of BIP 173, upper case as age writes them."""
    human, data = head.lower().rsplit("1", 1)
    values = [ord(c) >> 5 for c in human] + [0] + [ord(c) & 31 for c in human]
    values += [BECH32.index(c) for c in data] + [0] * 6
    state = 1
    for value in values:
        top = state >> 25
        state = (state & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(
            (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
        ):
            state ^= generator if top >> bit & 1 else 0
    state ^= 1
    return "".join(BECH32[state >> 5 * (5 - i) & 31] for i in range(6)).upper()


def crc16_xmodem(data: bytes) -> bytes:
    """Returns the CRC-16 that ends a NATS key, the low byte first."""
    state = 0
    for byte in data:
        state ^= byte << 8
        for _ in range(8):
            state = (state << 1 ^ 0x1021 if state & 0x8000 else state << 1) & 0xFFFF
    return state.to_bytes(2, "little")


CHECKSUMS: dict[str, Callable[[str], str]] = {
    "github-crc32": lambda head: in_base(crc(after(head, 4)), BASE62, 6),
    "npm-crc32": lambda head: in_base(crc(after(head, 4)), BASE62, 6),
    "vercel-crc32": lambda head: in_base(crc(after(head, 4)), BASE62, 6),
    "cloudflare-crc32": lambda head: f"{crc(head.split('_', 1)[1]):08x}",
    "wandb-crc32": lambda head: in_base(crc(head), BASE62, 6),
    "apify-crc32": lambda head: in_base(crc(head), BASE62_LOWER_FIRST, 6),
    "saladcloud-crc32": lambda head: in_base(crc(after(head, 17)), BASE62, 6),
    "canva-crc32": lambda head: f"{crc(head):08x}",
    "zuplo-crc32": lambda head: f"_{crc(after(head, 5)):08x}",
    "grafana-crc32": lambda head: "_" + little_endian(head).hex(),
    "atlassian-crc32": lambda head: f"{crc(head):08X}",
    "bitbucket-atbb": lambda head: f"{crc(head):08X}",
    "confluent-crc32": lambda head: base64.b64encode(little_endian(after(head, 4))).decode()[:6],
    "polar-crc32": lambda head: in_base(crc(head.rsplit("_", 1)[1]), BASE62, 6),
    "github-fine-grained": github_fine_grained,
    "gitlab-routable": gitlab_routable,
    "bech32": bech32,
}
