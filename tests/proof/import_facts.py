"""Makes `kinds.json`, the facts about key kinds that the generator needs.

The reference files hold more than a generator can use (sources, notes, ways to verify), and
their layouts are partly words. This script takes the plain facts, turns each layout into a
template (`expand.py`), and takes those that only words describe from `templates.toml`. A kind
without a template is listed with the reason, never dropped in silence.

    python3 tests/proof/import_facts.py /work/shared/reference
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

HERE = Path(__file__).parent

FILES = {"ai": "ai-providers.toml", "general": "general-secrets.toml"}

# The reference's names of plain alphabets, and ours.
ALPHABETS = {
    "digits": "digits",
    "hex-lower": "hex",
    "hex-upper": "hex-upper",
    "alnum": "alnum",
    "alnum-lower": "alnum-lower",
    "alnum-upper": "alnum-upper",
    "letters": "letters",
    "base64": "base64",
    "base64 alphabet": "base64",
    "base64url": "base64url",
    "base58": "base58",
    "base32-upper": "base32",
    "base32-lower": "base32-lower",
    "crockford-base32": "crockford",
    "bech32-upper": "bech32",
    "bech32-lower": "bech32-lower",
}

# How far a length without an upper bound is stretched: enough to vary, not to invent.
OPEN_END = 12


def alphabet(charset: str) -> str | None:
    """Returns our name of a charset; "alnum, _ and -" becomes `alnum+_-`."""
    if charset in ALPHABETS:
        return ALPHABETS[charset]
    words = re.split(r",? and |, | ", charset)
    extra = "".join(word for word in words[1:])
    if words[0] in ALPHABETS and extra and re.fullmatch(r"[-_.=]+", extra):
        return f"{ALPHABETS[words[0]]}+{extra}"
    return None


def lengths(key: dict[str, Any]) -> str | None:
    """Returns the lengths of the part behind the prefix, as a template writes them."""
    if "body_lengths" in key:
        return ",".join(map(str, key["body_lengths"]))
    if "body_length" in key:
        return str(key["body_length"])
    if "body_min" in key:
        low = key["body_min"]
        return f"{low}-{min(key.get('body_max', low + OPEN_END), low + 4 * OPEN_END)}"
    return None


def plain_templates(key: dict[str, Any]) -> list[str]:
    """Returns the templates of a kind that is a prefix and one run; none for any other."""
    prefixes = key.get("prefixes") or [key.get("prefix", "")]
    charset = key.get("charset", "alnum" if key.get("prefix") else "")
    if charset in ("uuid", "uuid or alnum"):
        return [f"{prefix}{{{{uuid}}}}" for prefix in prefixes]
    name, count = alphabet(charset), lengths(key)
    if name is None or count is None:
        return []
    # A whole base64 value of 32 or 64 bytes ends in its padding.
    padding = {"44": "=", "88": "=="}.get(count, "") if charset == "base64" else ""
    if padding:
        count = str(int(count) - len(padding))
    return [f"{prefix}{{{{{name} {count}}}}}{padding}" for prefix in prefixes]


def hosts(provider: dict[str, Any]) -> list[str]:
    """Returns the hosts that the reference names for a provider, its API first."""
    urls = [entry.get("url", "") for entry in provider.get("verify", [])]
    found = [urlsplit(url).hostname or "" for url in urls]
    found += [word for word in provider.get("context_words", []) if re.search(r"\w\.\w{2,}$", word)]
    found.append(urlsplit(provider.get("revoke_url", "")).hostname or "")
    return list(dict.fromkeys(host for host in found if re.fullmatch(r"[\w.-]+", host)))


def header(provider: dict[str, Any]) -> str:
    """Returns the header a key is sent in, with `<key>` in it."""
    for entry in provider.get("verify", []):
        if match := re.match(r"[A-Za-z-]+: [A-Za-z]* ?<key>", entry.get("header", "")):
            return match.group()
    return "Authorization: Bearer <key>"


def import_provider(provider: dict[str, Any], group: str) -> dict[str, Any]:
    """Returns what a context may say about a provider."""
    return {
        "name": provider["name"],
        "group": group,
        "aliases": provider["aliases"],
        "env_vars": provider["env_vars"],
        "hosts": hosts(provider),
        "header": header(provider),
    }


def is_public(key: dict[str, Any]) -> bool:
    """Tells whether a key is for everybody: marked so, or noted as made for browsers."""
    said = f"{key['kind']} {key.get('note', '')}"
    return bool(key.get("not_secret")) or "public key" in said or "for browser use" in said


def import_kind(
    provider: str, key: dict[str, Any], group: str, hand: dict[str, Any]
) -> dict[str, Any]:
    """Returns one kind with its templates, or with the reason why it has none."""
    name = f"{provider}/{key['kind']}"
    templates = hand["template"].get(name) or plain_templates(key)
    kind: dict[str, Any] = {"provider": provider, "kind": key["kind"], "group": group}
    if name in hand["skip"]:
        return kind | {"left_out": hand["skip"][name]}
    if not templates:
        public = key.get("not_secret") or key.get("identifier")
        return kind | {"left_out": "no layout sourced" + (" (not a secret)" if public else "")}
    return kind | {
        "templates": [templates] if isinstance(templates, str) else templates,
        "shaped": not key.get("context_needed", False),
        "public": is_public(key),
        "identifier": bool(key.get("identifier")),
        # Whether a key that is one shorter is no key of this kind.
        "fixed": "body_length" in key and "body_min" not in key,
    }


def import_all(reference: Path) -> dict[str, Any]:
    """Returns everything that `kinds.json` holds."""
    hand = tomllib.loads((HERE / "templates.toml").read_text())
    providers: dict[str, Any] = {}
    kinds: list[dict[str, Any]] = []
    vectors: dict[str, Any] = {}
    for group, file in FILES.items():
        facts = tomllib.loads((reference / file).read_text())
        for checksum in facts["checksum"]:
            if "example" in checksum:
                vectors[checksum["id"]] = checksum["example"]
        for provider in facts["provider"]:
            # A few vendors sell both; the first file that names one describes it.
            providers.setdefault(provider["id"], import_provider(provider, group))
            if not provider["keys"]:
                nothing = {"provider": provider["id"], "kind": "any", "group": group}
                kinds.append(nothing | {"left_out": "the reference knows no layout"})
            kinds += [import_kind(provider["id"], key, group, hand) for key in provider["keys"]]
    known = {f"{kind['provider']}/{kind['kind']}" for kind in kinds}
    if unknown := (set(hand["template"]) | set(hand["skip"])) - known:
        raise SystemExit(f"templates.toml names kinds that the reference has not: {unknown}")
    return {
        "vectors": vectors,
        "providers": providers,
        "kinds": [kind for kind in kinds if "left_out" not in kind],
        "left_out": [kind for kind in kinds if "left_out" in kind],
    }


def main() -> None:
    """Writes `kinds.json` and tells what was left out."""
    facts = import_all(Path(sys.argv[1] if len(sys.argv) > 1 else "/work/shared/reference"))
    text = json.dumps(facts, indent=1, ensure_ascii=False)
    # One kind a line: a change of one fact is a diff of one line.
    text = re.sub(r"\n {3,}", " ", text)
    text = re.sub(r"\n  (?=[}\]])", " ", text)
    (HERE / "kinds.json").write_text(text + "\n")
    print(f"{len(facts['kinds'])} kinds of {len(facts['providers'])} providers")
    for kind in facts["left_out"]:
        print(f"left out: {kind['provider']}/{kind['kind']}: {kind['left_out']}")


if __name__ == "__main__":
    main()
