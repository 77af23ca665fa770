"""Writes the seeds of a fuzz target into a folder: its stored corpus, what its parser accepts, and
examples. Beside the folder it writes a dictionary of the words in them.

Usage: seeds.py TARGET FOLDER. Examples of rules are filled in here and never stored.
"""

import collections
import functools
import json
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[2]
ALNUM = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ALPHABETS = {"hex": "0123456789abcdef", "digits": "0123456789", "base64": ALNUM + "+/"}
CORPUS = pathlib.Path(__file__).resolve().parent / "corpus"
WORDS = re.compile(rb"[A-Za-z_@/.-]{3,40}|\[\[?[a-z.]+\]\]?|[^\sA-Za-z0-9]{2,6}")
WORD_COUNT = 400
ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t"}
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


def imports() -> list[bytes]:
    """One sound file of each other scanner; the value is the one that the target's tree holds."""
    value, digest = "aB3dE5gH7jK9mN1pQ2sT", "0" * 64
    entry = {"type": "Secret Keyword", "hashed_secret": "0" * 40, "line_number": 1, "is_secret": True}
    filters = [{"path": "detect_secrets.filters.regex.should_exclude_line", "pattern": ["x"]}]
    report = {"RuleID": "x-key", "StartLine": 1, "EndLine": 1, "Secret": value, "File": "src/app.py"}
    better = {"rule_id": "x-key", "match": {"value": value, "fingerprint": digest}}
    lint = {"id": "@secretlint/secretlint-rule-x", "options": {"allows": ["/a+/i", value]}}
    files = [
        json.dumps({"version": "0.14.3", "results": {"src/app.py": [entry]}, "filters_used": filters}),
        json.dumps([report | {"Commit": "", "Fingerprint": "src/app.py:x-key:1"}]),
        json.dumps({"schema_version": "1", "findings": [better | {"location": {"path": "a"}}]}),
        json.dumps({"rules": [lint, {"id": "y", "disabled": True}]}),
        f"# why\nsrc/app.py:x-key:1\n{'a' * 40}:src/app.py:x-key:1\n",
        f"{digest}\nhmac-sha256:{digest}\n",
        "version: 2\nrepositories:\n- findings:\n  - path: src/app.py\n    line: 1\n    rule_id: x\n",
        "ExactFindings:\n  matches:\n  - filepath: src/app.py\n    linenum: 1\n",
        f"gen/\n!keep\n*.lock\n[secrets]\n{value}\n",
        f"fileignoreconfig:\n- filename: src/*.py\n  checksum: {digest}\nallowed_patterns: ['k.y']\n",
        "# c\n^src/.*:[0-9]+:key\nEXAMPLE\n",
        f"secret:\n  ignored_matches:\n  - name: a\n    match: {value}\n  ignored_paths: [a]\n",
    ]
    return [text.encode() for text in files]


def staged(arguments: list[list[str]], version: int) -> bytes:
    """Returns the index of a small repository after these git commands."""
    with tempfile.TemporaryDirectory() as folder:
        top = pathlib.Path(folder)
        (top / "a/b").mkdir(parents=True)
        for name in ["a/b/one", "a/two", "three", "a.c"]:
            (top / name).write_text(name)
        run = functools.partial(subprocess.run, cwd=top, check=True, capture_output=True)
        run(["git", "init", "-q"])
        run(["git", "config", "index.version", str(version)])
        for words in arguments:
            run(["git", *words])
        return (top / ".git/index").read_bytes()


def indexes() -> list[bytes]:
    whole = [["add", "."], ["write-tree"]]
    made = [[["add", "."]], whole, [*whole, ["add", "-N", "."], ["rm", "-q", "--cached", "three"]]]
    return [staged(commands, version) for commands in made for version in [2, 4]]


def tree() -> bytes:
    entries = [(b"100644", b"a"), (b"40000", b"b"), (b"120000", b"c"), (b"160000", b"d")]
    return b"".join(mode + b" " + name + b"\0" + bytes([7] * 20) for mode, name in entries)


def replies() -> list[bytes]:
    one, none = b"1" * 40, b"0" * 40
    raw = b":000000 100644 " + none + b" " + one + b" A\0a\nb\0:100644 000000 " + one
    return [raw + b" " + none + b" D\0c\0", b"100644 " + one + b" 0\ta b\0"]


def seeds(target: str) -> list[bytes]:
    if target == "index":
        return [bytes([0, len(tree())]) + tree() + index for index in indexes()]
    if target == "trees":
        return [bytes([0, len(tree())]) + tree() * 2]
    if target == "replies":
        return replies()
    if target == "decode":
        text = "key = \U0001f511 \u00e4"
        return [text.encode(code) for code in ["utf-8", "utf-16", "utf-16-be", "utf-16-le"]]
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
    if target == "import":
        return imports()
    raise SystemExit(f"no fuzz target is called {target}")


def stored(target: str) -> list[bytes]:
    """Returns the inputs in corpus/TARGET.txt, which are written with Rust's escapes."""
    file = CORPUS / f"{target}.txt"
    lines = file.read_bytes().splitlines() if file.exists() else []

    def plain(match: re.Match[bytes]) -> bytes:
        code = match[1]
        return bytes([int(code[1:], 16)]) if code[:1] == b"x" else ESCAPES.get(code, code)

    return [re.sub(rb"\\(x[0-9a-f]{2}|.)", plain, line) for line in lines]


def dictionary(texts: list[bytes]) -> str:
    """Returns the words that stand in the texts most often, as libFuzzer reads them."""
    words = collections.Counter(word for text in texts for word in WORDS.findall(text))
    is_plain = lambda byte: 32 <= byte < 127 and byte not in b'"\\'
    shown = lambda byte: chr(byte) if is_plain(byte) else f"\\x{byte:02x}"
    found = ["".join(map(shown, word)) for word, _ in words.most_common(WORD_COUNT)]
    return "".join(f'"{word}"\n' for word in found)


def main() -> None:
    target, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    made = seeds(target)
    for index, seed in enumerate(made):
        (folder / f"seed-{index}").write_bytes(seed)
    for index, seed in enumerate(stored(target)):
        (folder / f"stored-{index}").write_bytes(seed)
    folder.with_suffix(".dict").write_text(dictionary(made))


if __name__ == "__main__":
    main()
