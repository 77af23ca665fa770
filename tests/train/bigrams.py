#!/usr/bin/env python3
"""Makes src/detect/bigrams.bin, the table of how often one character follows another in text.

    python3 tests/train/bigrams.py              # fetch, train, write the table
    python3 tests/train/bigrams.py --check      # the same, but only compare with the table there
    python3 tests/train/bigrams.py --evaluate   # pass shares on packages that were not trained on

The text is what programmers write: identifiers, words, paths and prose of source packages in
Python, JavaScript, TypeScript, C, C++, C#, Java, Kotlin, Rust, PHP, CSS, shell and YAML, with
translations into some ninety languages in Django's message files. Packages come from the
registries through their own clients (pip, npm, cargo) into target/train, and each must have the
sha256 below, so that the same table comes out on every machine. Each run of characters counts
once, however often it occurs: a common word must not drown the rare identifiers that make false
alarms.

The table is 64 rows of 64 signed bytes, row by row: the first character chooses the row. Entry =
12 * (log2 of the chance of the second character behind the first + 6): an even chance is 0.
Classes: 0-9, A-Z, a-z, then separators (`_-./:` and space), then all else.

--evaluate writes the runs of the second list of packages to target/train/shares and has a unit test
of `src/detect/random.rs` count how many of them the real function takes for random.
"""

import argparse
import hashlib
import math
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / "target" / "train"
TABLE = ROOT / "src" / "detect" / "bigrams.bin"

# registry, name, version, file in the cache, sha256
TRAINED_ON = [
    ("pypi", "Django", "5.2.8", "django-5.2.8.tar.gz",
     "23254866a5bb9a2cfa6004e8b809ec6246eba4b58a7589bc2772f1bcc8456c7f"),
    ("pypi", "ansible-core", "2.19.4", "ansible_core-2.19.4.tar.gz",
     "888db6593f2fd42cd05bdbe546704d9c969dce99e3373a54498f6dbefcfa1917"),
    ("pypi", "Sphinx", "8.2.3", "sphinx-8.2.3.tar.gz",
     "398ad29dee7f63a75888314e9424d40f52ce5a6a87ae88e7071e80af296ec348"),
    ("pypi", "pythonnet", "3.0.5", "pythonnet-3.0.5.tar.gz",
     "48e43ca463941b3608b32b4e236db92d8d40db4c58a75ace902985f76dac21cf"),
    ("pypi", "JPype1", "1.6.0", "jpype1-1.6.0.tar.gz",
     "2d46b2a14f8f0e6f17d8aa22b4fc3a64b2790851ebf1409ad79a37c698fd6e9a"),
    ("pypi", "pulumi_aws", "7.11.0", "pulumi_aws-7.11.0.tar.gz",
     "6ff02051cbaeca150296ea2ee536bc4503de5c538213149696e58a4515ab543b"),
    ("npm", "react-native", "0.82.1", "react-native-0.82.1.tgz",
     "88eb5d4e44ea196b5ef8805c885a558a5fa7666a52b3d893bdd6ec5644af2d72"),
    ("npm", "@types/node", "24.10.1", "types-node-24.10.1.tgz",
     "554c7b285be7d92f5c7ed325f51333ebee131c4b0dc2aba22d8ad71a01f4c3e6"),
    ("npm", "webpack", "5.103.0", "webpack-5.103.0.tgz",
     "e1bbb07e3cb9cfe69473c43c656578e3e400711e8aa1a448c2ee334f078b07eb"),
    ("npm", "bootstrap", "5.3.8", "bootstrap-5.3.8.tgz",
     "8b02d4a7482e0f0a2b1da58f1c9c86830e96cc2f77f094f89e4681b19886bc38"),
    ("npm", "@wordpress/block-library", "9.35.0", "wordpress-block-library-9.35.0.tgz",
     "36418462ad65f8cea95863e76eaa649af09d52553e0736a79b6186a9e68377e8"),
    ("npm", "lodash", "4.17.21", "lodash-4.17.21.tgz",
     "6a087ac9e5702a0c9d60fbcd48696012646ec8df1491dea472b150e79fcaf804"),
    ("npm", "express", "5.1.0", "express-5.1.0.tgz",
     "dd6bdb4d4e54d520c78443d5c35aa4ae552be1837e8650d2ec1641df99393e1b"),
    ("crates", "clap_builder", "4.6.7", "clap_builder-4.6.7.crate",
     "ec0797fb7aeb1406c84efac526901f7ec3ead2124f946b494e72879d4b54704d"),
    ("crates", "regex-automata", "0.4.19", "regex-automata-0.4.19.crate",
     "41d60ef07df457506a0a1a2073112eb4aae5733dbd2813c3da77d1b0fd441158"),
    ("crates", "libgit2-sys", "0.18.8+1.9.7", "libgit2-sys-0.18.8+1.9.7.crate",
     "7f7c568b25d7489bc3fb2988ed69ab111d2944d2f5fec3d5c987fe545ea97b50"),
    ("crates", "serde_json", "1.0.154", "serde_json-1.0.154.crate",
     "e7e9cc8b1b85264074fbcc02a88680c4096b1e47df8f739dceb03bf482f04bd6"),
]
HELD_BACK = [
    ("pypi", "celery", "5.5.3", "celery-5.5.3.tar.gz",
     "6c972ae7968c2b5281227f01c3a3f984037d21c5129d07bf3550cc2afc6b10a5"),
    ("pypi", "openai", "2.8.0", "openai-2.8.0.tar.gz",
     "4851908f6d6fcacbd47ba659c5ac084f7725b752b6bfa1e948b6fbfc111a6bad"),
    ("pypi", "paramiko", "4.0.0", "paramiko-4.0.0.tar.gz",
     "6a25f07b380cc9c9a88d2b920ad37167ac4667f8d9886ccebd8f90f654b5d69f"),
    ("pypi", "kubernetes", "34.1.0", "kubernetes-34.1.0.tar.gz",
     "8fe8edb0b5d290a2f3ac06596b23f87c658977d46b5f8df9d0f4ea83d0003912"),
    ("npm", "three", "0.181.2", "three-0.181.2.tgz",
     "492c32ad1815b8ff261d398e0641e97df1f85fbc78cbc0a2d77bcf45de6e5cb0"),
    ("npm", "@angular/core", "21.0.0", "angular-core-21.0.0.tgz",
     "b7a2c9822e172093e52c32714f138018a25dafe52ec005ac67d10f9984f0336b"),
    ("npm", "prisma", "7.0.0", "prisma-7.0.0.tgz",
     "eeb5cfc3c74e722c87741b7fdc27af4a97d0e63d6f795b9d564c94d2f2eda552"),
    ("npm", "axios", "1.13.2", "axios-1.13.2.tgz",
     "6b4421f0d98e874f7151a88741d3aff2014b8f31e80aef2efa83bfb88662adec"),
    ("crates", "syn", "3.0.10", "syn-3.0.10.crate",
     "4ae9ccbea3a7b0b09443036490c8f34a8b1b760fd345e5c0dae0aac718faea79"),
    ("crates", "jiff", "0.2.46", "jiff-0.2.46.crate",
     "175dc66334db3b9ab9985bf8b61cfed50dc16d20964bb47f9e479adcae984a7f"),
    ("crates", "rustix", "1.1.6", "rustix-1.1.6.crate",
     "e5e76742e5294153d4dde1207dbec5bdd81eef6fabdc0d2118babadabfd858aa"),
]

TEXT = tuple("""
    .c .cc .cfg .cpp .cs .css .go .gradle .h .hpp .html .ini .java .js .json .jsx .kt .m .md .mjs
    .mm .php .po .podspec .properties .py .pyi .rb .rs .rst .scss .sh .swift .toml .ts .tsx .txt
    .xml .yaml .yml""".split())
FILE_MAX = 3_000_000
LINE_MAX = 500  # longer lines are minified or data
RUN = re.compile(rb"[A-Za-z0-9][A-Za-z0-9_\-./:+=@$~]*")
HASH = re.compile(rb"(?<![0-9A-Za-z])(?=[a-fA-F]*[0-9])[0-9a-fA-F]{16,}(?![0-9A-Za-z])")

ALNUM = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
SEPARATORS = b"_-./: "
CLASS = [63] * 256
for index, byte in enumerate(ALNUM):
    CLASS[byte] = index
for byte in SEPARATORS:
    CLASS[byte] = 62

# What a file of --evaluate holds. A run is counted in the first kind that it is.
KINDS = [
    ("number", rb"[0-9.:+_-]+"),
    ("path", rb".*/.*"),
    ("uuid", rb".*[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}.*"),
    ("dotted", rb"\w+(\.\w+)+"),
    ("kebab", rb"[A-Za-z0-9]+(-[A-Za-z0-9]+)+"),
    ("identifier", rb"[A-Za-z_]+"),
    ("identifier-with-digit", rb"\w+"),
    ("other", rb".*"),
]


def fetch(registry, name, version, file, digest):
    """Returns the package's path, fetching it once through its registry's own client."""
    path = CACHE / file
    if not path.exists():
        print(f"fetching {name} {version}", file=sys.stderr)
        with tempfile.TemporaryDirectory() as folder:
            CLIENTS[registry](name, version, folder)
            shutil.copy(Path(folder) / file, path)
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != digest:
        sys.exit(f"error: {path} has sha256 {found}, expected {digest}")
    return path


def run(*command, folder):
    subprocess.run(command, cwd=folder, check=True, stdout=sys.stderr)


def fetch_pypi(name, version, folder):
    run("pip", "download", "-q", "--no-binary", ":all:", "--no-deps", "-d", ".",
        f"{name}=={version}", folder=folder)


def fetch_npm(name, version, folder):
    run("npm", "pack", "--silent", f"{name}@{version}", folder=folder)


def fetch_crates(name, version, folder):
    """Lets cargo download the crate into its own cache, and takes it from there."""
    empty = Path(folder)
    (empty / "src").mkdir()
    (empty / "src" / "lib.rs").touch()
    (empty / "Cargo.toml").write_text(
        f'[package]\nname = "empty"\nversion = "0.0.0"\n[dependencies]\n{name} = "={version}"\n')
    run("cargo", "fetch", "--quiet", folder=folder)
    home = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo"))
    crate = next(home.glob(f"registry/cache/*/{name}-{version}.crate"))
    shutil.copy(crate, empty)


CLIENTS = {"pypi": fetch_pypi, "npm": fetch_npm, "crates": fetch_crates}


def runs_of(packages):
    """Returns all different runs of text characters in the packages, without hashes."""
    runs = set()
    for package in packages:
        with tarfile.open(fetch(*package)) as archive:
            for member in archive:
                name = member.name.lower()
                is_text = member.isfile() and name.endswith(TEXT) and member.size <= FILE_MAX
                if is_text and ".min." not in name and "lock" not in name:
                    text = archive.extractfile(member).read()
                    if b"-----BEGIN " not in text:  # keys and certificates of tests
                        runs.update(runs_in(text))
    return runs


def runs_in(text):
    for line in text.splitlines():
        if len(line) <= LINE_MAX:
            for found in RUN.findall(line):
                found = found.rstrip(b"-./:+=@$~_")
                if 4 <= len(found) <= 120 and not HASH.search(found):
                    yield found


def train(runs):
    """Returns the table for the runs."""
    counts = [[0] * 64 for _ in range(64)]
    for one in runs:
        classes = [CLASS[byte] for byte in one]
        for first, second in zip(classes, classes[1:]):
            counts[first][second] += 1
    table = bytearray()
    for row in counts:
        # Half a sighting for each pair, so that what was never seen is rare, not impossible.
        total = sum(row) + 32
        for count in row:
            bits = math.log2((count + 0.5) / total) + 6
            table.append(max(-127, min(127, round(12 * bits))) & 0xFF)
    return bytes(table)


def evaluate():
    """Writes the held back runs, one kind a file, and lets the unit test count."""
    folder = CACHE / "shares"
    folder.mkdir(exist_ok=True)
    kinds = {name: [] for name, _ in KINDS}
    for one in sorted(runs_of(HELD_BACK) - runs_of(TRAINED_ON)):
        kinds[next(name for name, shape in KINDS if re.fullmatch(shape, one))].append(one)
    for name, found in kinds.items():
        (folder / name).write_bytes(b"\n".join(found))
    subprocess.run(
        ["cargo", "test", "--quiet", "--lib", "shares_of_written_text", "--", "--ignored",
         "--nocapture"],
        cwd=ROOT, env={**os.environ, "KEYHOOK_SHARES": str(folder)}, check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    parser.add_argument("--evaluate", action="store_true", help="measure on the held back packages")
    arguments = parser.parse_args()
    CACHE.mkdir(parents=True, exist_ok=True)
    if arguments.evaluate:
        return evaluate()
    table = train(runs_of(TRAINED_ON))
    is_same = TABLE.exists() and TABLE.read_bytes() == table
    if not is_same and arguments.check:
        sys.exit(f"error: {TABLE} is not what the packages give")
    if not is_same:
        TABLE.write_bytes(table)
    print(f"{TABLE.relative_to(ROOT)}: {'unchanged' if is_same else 'written'}")


if __name__ == "__main__":
    main()
