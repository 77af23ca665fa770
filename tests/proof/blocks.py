"""Secrets of several lines or parts: PEM, PGP, PuTTY, service-account JSON, web tokens.

Everything is random bytes behind true headers; nothing here can sign or decrypt.
"""

from __future__ import annotations

import base64
import json
import random
import uuid

import people

# DER and OpenSSH heads, so that the base64 text starts as true keys start.
HEADS = {
    "RSA PRIVATE KEY": (bytes.fromhex("308204a40201000282010100"), 1192),
    "EC PRIVATE KEY": (bytes.fromhex("30770201010420"), 121),
    "PRIVATE KEY": (bytes.fromhex("308204be020100300d06092a864886f70d0101010500048204a8"), 1218),
    "OPENSSH PRIVATE KEY": (b"openssh-key-v1\0\0\0\0\4none\0\0\0\4none\0\0\0\0\0\0\0\1", 380),
}


def base64_lines(data: bytes, width: int) -> str:
    """Returns base64 in lines."""
    text = base64.b64encode(data).decode()
    return "\n".join(text[at : at + width] for at in range(0, len(text), width))


def pem(rng: random.Random, label: str) -> str:
    """Returns a PEM block with a true head and random bytes."""
    head, size = HEADS[label]
    body = base64_lines(head + rng.randbytes(size - len(head)), 70 if "SSH" in label else 64)
    return f"-----BEGIN {label}-----\n{body}\n-----END {label}-----"


def pgp(rng: random.Random) -> str:
    """Returns an armored PGP private key; the checksum line is random too."""
    data = bytes.fromhex("9503c604") + rng.randbytes(900)
    check = base64.b64encode(rng.randbytes(3)).decode()
    kind = "PGP PRIVATE KEY BLOCK"
    return f"-----BEGIN {kind}-----\n\n{base64_lines(data, 64)}\n={check}\n-----END {kind}-----"


def putty(rng: random.Random) -> str:
    """Returns an unprotected PuTTY key file."""
    public = base64_lines(b"\0\0\0\7ssh-rsa" + rng.randbytes(268), 64)
    private = base64_lines(rng.randbytes(440), 64)
    lines = ["PuTTY-User-Key-File-3: ssh-rsa", "Encryption: none"]
    lines += [f"Comment: rsa-key-2026{rng.randint(1, 12):02}11"]
    lines += [f"Public-Lines: {public.count(chr(10)) + 1}", public]
    lines += [f"Private-Lines: {private.count(chr(10)) + 1}", private]
    lines += [f"Private-MAC: {rng.randbytes(32).hex()}"]
    return "\n".join(lines)


def gcp_account(rng: random.Random) -> str:
    """Returns a Google service-account file."""
    project = f"{rng.choice(people.WORDS)}-{rng.randint(100000, 999999)}"
    email = f"{rng.choice(people.WORDS)}@{project}.iam.gserviceaccount.com"
    account = {
        "type": "service_account",
        "project_id": project,
        "private_key_id": rng.randbytes(20).hex(),
        "private_key": pem(rng, "PRIVATE KEY") + "\n",
        "client_email": email,
        "client_id": str(rng.randint(10**20, 10**21 - 1)),
        "auth_uri": "https://accounts.google.com/o/oauth2/auth",
        "token_uri": "https://oauth2.googleapis.com/token",
    }
    return json.dumps(account, indent=2)


def gcp_user(rng: random.Random) -> str:
    """Returns the application default credentials of a person."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    client = "".join(rng.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=32))
    user = {
        "client_id": f"{rng.randint(10**11, 10**12 - 1)}-{client}.apps.googleusercontent.com",
        "client_secret": "GOCSPX-" + "".join(rng.choices(alphabet, k=28)),
        "refresh_token": "1//0" + "".join(rng.choices(alphabet, k=99)),
        "type": "authorized_user",
    }
    return json.dumps(user, indent=2)


def coinbase(rng: random.Random) -> str:
    """Returns a key file of Coinbase's developer platform."""
    org, key = (uuid.UUID(bytes=rng.randbytes(16), version=4) for _ in range(2))
    name = f"organizations/{org}/apiKeys/{key}"
    return json.dumps({"name": name, "privateKey": pem(rng, "EC PRIVATE KEY") + "\n"}, indent=2)


def tink(rng: random.Random) -> str:
    """Returns a Tink keyset in clear text."""
    key_id = rng.randint(10**8, 2**31)
    data = {
        "typeUrl": "type.googleapis.com/google.crypto.tink.AesGcmKey",
        "value": base64.b64encode(b"\x1a\x20" + rng.randbytes(32)).decode(),
        "keyMaterialType": "SYMMETRIC",
    }
    key = {"keyData": data, "status": "ENABLED", "keyId": key_id, "outputPrefixType": "TINK"}
    return json.dumps({"primaryKeyId": key_id, "key": [key]})


def jwt(rng: random.Random, payload: str, options: dict[str, str]) -> str:
    """Returns a web token with a random signature of the right length."""
    algorithm = options.get("alg", "HS256")
    # The usual order of the two members differs; both are in use.
    header = {"alg": algorithm, "typ": "JWT"}
    if kid := options.get("kid"):
        header = {"alg": algorithm, "kid": kid}
    signature = {"HS256": 32, "RS256": 256, "ES256": 64, "EdDSA": 64}[algorithm]
    parts = [json.dumps(header, separators=(",", ":")).encode(), payload.encode()]
    parts += [rng.randbytes(signature)]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


# Sixty-four words of the BIP-39 list, every thirty-second: enough to be a phrase; the last
# word's checksum is not computed, which needs the whole list.
SEED_WORDS = (
    "abandon airport ankle asset basket blanket bread camera change clarify combine cradle dance "
    "depart dinner dragon eight enforce exact female focus funny giant grid help idea insane "
    "juice layer loan maple middle motion need obscure organ panic phone pledge price pumpkin "
    "rebel remove ride sail season shed situate snack spatial stable strong swallow tennis title "
    "transfer tuna unfold vague violin walnut wheat worry zone"
).split()


def seed_phrase(rng: random.Random, count: int) -> str:
    """Returns words of a wallet's seed phrase."""
    return " ".join(rng.choices(SEED_WORDS, k=count))
