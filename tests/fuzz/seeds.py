"""Writes the seeds of a fuzz target into a folder: what its parser accepts, and inert examples.

Usage: seeds.py TARGET FOLDER. Examples of rules are filled in here and never stored.
"""

import json
import pathlib
import random
import re
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[2]
ALNUM = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ALPHABETS = {"hex": "0123456789abcdef", "digits": "0123456789", "base64": ALNUM + "+/"}
FILL = re.compile(r"\{\{([a-z0-9-]+) (\d+)\}\}")

RULE = """[[rule]]
id = "acme-token"
name = "ACME token"
keywords = ["acme_"]
checks = ["random"]
pattern = '(?<secret> acme_ [a-z0-9]{20,40} )'
matches = ['X=«acme_{{alnum-lower 40}}»']
ignores = ['acme_']
"""
CONFIG = """exclude = ["vendor/**", "*.{min,bundle}.js"]
disable = ["a-b"]
confidence = "low"
gitleaks = "a.toml"
"""
GITLEAKS = r"""title = "x"
[extend]
path = "b.toml"
[[rules]]
id = "acme"
regex = '''acme_([a-z0-9]{20,40})'''
entropy = 3.1
secretGroup = 1
keywords = ["acme_"]
path = '''\.py$'''
[[rules.required]]
id = "acme"
withinLines = 5
[[rules.allowlists]]
condition = "AND"
regexTarget = "line"
regexes = ['''test''']
paths = ['''vendor/''']
stopwords = ["example"]
[[allowlists]]
targetRules = ["acme"]
regexes = ['''x''']
"""


def filled(example: str, dice: random.Random) -> bytes:
    def fill(match: re.Match[str]) -> str:
        alphabet = ALPHABETS.get(match[1], ALNUM)
        return "".join(dice.choice(alphabet) for _ in range(min(int(match[2]), 400)))

    return FILL.sub(fill, example).replace("«", "").replace("»", "").encode()


def examples() -> list[bytes]:
    dice = random.Random(1)
    found = []
    for file in sorted((ROOT / "src/rule/builtin").glob("*.toml")):
        for rule in tomllib.loads(file.read_text("utf-8")).get("rule", []):
            found += [filled(text, dice) for text in rule.get("matches", [])[:1]]
    return found


def baselines() -> list[bytes]:
    stored = [file.read_bytes() for file in (ROOT / "baseline-schema").rglob("*.json")]
    foreign = {"version": "1.5.0", "results": {"a.py": [{"hashed_secret": "0" * 40, "type": "x"}]}}
    return [*stored, json.dumps(foreign).encode()]


def seeds(target: str) -> list[bytes]:
    if target == "detect":
        return [b"\0" + text for text in examples()]
    if target == "layers":
        return [bytes([i % 9, 1 + i % 3]) + text for i, text in enumerate(examples()[::4])]
    if target == "rules":
        files = sorted((ROOT / "src/rule/builtin").glob("*.toml"))[::8]
        return [RULE.encode()] + [file.read_bytes() for file in files]
    if target == "gitleaks":
        return [GITLEAKS.encode()]
    if target == "config":
        return [CONFIG.encode(), RULE.encode()]
    if target == "baseline":
        return baselines()
    raise SystemExit(f"no fuzz target is called {target}")


def main() -> None:
    target, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    for index, seed in enumerate(seeds(target)):
        (folder / f"seed-{index}").write_bytes(seed)


if __name__ == "__main__":
    main()
