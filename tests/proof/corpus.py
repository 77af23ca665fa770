"""Fetches real source distributions and counts what scanners report in them.

The packages of `corpus.json` are pinned by version and digest and come from the registries'
own clients. They are only unpacked: no build script, no install hook, nothing of them is run.
What is reported there is nearly always a false alarm, so the count per million lines is the
noise that a scanner makes on real code.

    python3 tests/proof/corpus.py fetch              # what corpus.json pins, into --out
    python3 tests/proof/corpus.py pin pypi NAME…     # adds the newest version to corpus.json
    python3 tests/proof/corpus.py size
    python3 tests/proof/corpus.py scan --only keyhook
    python3 tests/proof/corpus.py review             # keyhook's findings against reviewed.json
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import subprocess
import tarfile
import tempfile
import zipfile
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

import reviewed
import scanners
from scanners import Finding

HERE = Path(__file__).parent
LIST = Path(os.environ.get("KEYHOOK_CORPUS_LIST", HERE / "corpus.json"))
DEFAULT_OUT = Path(os.environ.get("KEYHOOK_CORPUS", "/work/corpus"))

# What a file is, by its path; the first that fits.
FILE_KINDS = {
    "lock file": r"(^|/)(package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|"
    r"poetry\.lock|uv\.lock|Cargo\.lock|Gemfile\.lock|composer\.lock|go\.sum|"
    r".*requirements.*\.txt)$",
    "source map": r"\.map$",
    "minified": r"[.-]min\.(js|css|mjs)$|\.bundle\.js$",
    "notebook": r"\.ipynb$",
    "test": r"(^|/)(tests?|__tests__|spec|fixtures?|testdata|cassettes?|mocks?)/|"
    r"[._-](test|spec)\.",
    "documentation": r"\.(md|mdx|rst|txt|html?|adoc)$|(^|/)docs?/",
    "configuration": r"\.(ya?ml|toml|ini|cfg|conf|env|properties|xml|tf|tfvars)$|(^|/)\.[^/]+$",
    "data": r"\.(json|jsonl|csv|tsv|svg|po|pot|lst|dat|pem|crt|key)$",
    "code": r"\.(py|pyi|js|mjs|cjs|ts|mts|cts|tsx|jsx|vue|go|rb|java|php|c|h|cc|rs|sh|ps1|sql)$",
}


def file_kind(path: str) -> str:
    """Returns what a file is."""
    return next((kind for kind, form in FILE_KINDS.items() if re.search(form, path)), "other")


def newest(registry: str, name: str) -> str:
    """Returns the newest version that a registry has of a package."""
    if registry == "npm":
        command = ["npm", "view", name, "version"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    return sdist(name, None)[0]


def sdist(name: str, version: str | None) -> tuple[str, Any]:
    """Returns the version and pip's link of a source distribution.

    `pip download` runs a package's build script to learn what it depends on. We want the
    archive and nothing run, so pip's own finder is asked for it instead.
    """
    from pip._internal.commands import create_command
    from pip._vendor.packaging.specifiers import SpecifierSet

    command: Any = create_command("download")
    options, _ = command.parse_args(["--no-deps", "--no-binary", ":all:", name])
    session = command._build_session(options)
    finder = command._build_package_finder(options, session)
    wanted = SpecifierSet(f"=={version}") if version else None
    best = finder.find_best_candidate(name, wanted).best_candidate
    if best is None:
        raise SystemExit(f"no source distribution of {name} {version or ''}")
    return str(best.version), (session, best.link)


def download(registry: str, name: str, version: str, folder: Path) -> Path:
    """Downloads one archive into a folder and returns its path."""
    if registry == "npm":
        command = ["npm", "pack", "--silent", "--ignore-scripts", f"{name}@{version}"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
        return folder / done.stdout.strip().splitlines()[-1]
    from pip._internal.network.download import Downloader

    _, (session, link) = sdist(name, version)
    path, _ = Downloader(session, "off")(link, str(folder))
    return Path(path)


def digest(path: Path) -> str:
    """Returns the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def unpack(archive: Path, into: Path) -> None:
    """Unpacks an archive, refusing links and paths that lead out of the folder."""
    if zipfile.is_zipfile(archive):
        zipfile.ZipFile(archive).extractall(into)
        return
    with tarfile.open(archive) as tar:
        files = [member for member in tar.getmembers() if member.isfile() or member.isdir()]
        tar.extractall(into, members=files, filter="data")


def folder_of(package: dict[str, str]) -> str:
    """Returns the name of the folder a package is unpacked to."""
    name = package["name"].replace("/", "-").lstrip("@")
    return f"{package['registry']}-{name}-{package['version']}"


def packages() -> list[dict[str, str]]:
    """Returns the pinned packages."""
    return json.loads(LIST.read_text()) if LIST.exists() else []


def pin(registry: str, names: list[str]) -> None:
    """Adds packages to the list, in their newest version."""
    for name in names:
        listed = packages()
        if any((one["registry"], one["name"]) == (registry, name) for one in listed):
            continue
        version = newest(registry, name)
        with tempfile.TemporaryDirectory() as folder:
            sha256 = digest(download(registry, name, version, Path(folder)))
        listed.append({"registry": registry, "name": name, "version": version, "sha256": sha256})
        listed.sort(key=lambda one: (one["registry"], one["name"]))
        lines = ",\n".join(" " + json.dumps(one) for one in listed)
        LIST.write_text(f"[\n{lines}\n]\n")
        print(f"{registry} {name} {version}", flush=True)


def fetch(out: Path) -> None:
    """Fetches and unpacks every package of the list that is not there yet."""
    for package in packages():
        target = out / folder_of(package)
        if target.exists():
            continue
        with tempfile.TemporaryDirectory(dir=out) as scratch:
            args = (package["registry"], package["name"], package["version"])
            archive = download(*args, Path(scratch))
            if digest(archive) != package["sha256"]:
                raise SystemExit(f"{package['name']}: not the archive that was pinned")
            unpack(archive, Path(scratch) / "unpacked")
            (Path(scratch) / "unpacked").rename(target)
        print(target.name, flush=True)


def size(out: Path) -> dict[str, dict[str, int]]:
    """Returns files, bytes and lines of each package of the corpus, as pinned."""
    sizes = {}
    for folder in map(folder_of, packages()):
        of = sizes[folder] = {"files": 0, "bytes": 0, "lines": 0}
        for path in (out / folder).rglob("*"):
            if path.is_file():
                data = path.read_bytes()
                of["files"] += 1
                of["bytes"] += len(data)
                of["lines"] += data.count(b"\n")
    return {folder: of for folder, of in sizes.items() if of["files"]}


def total(sizes: dict[str, dict[str, int]]) -> dict[str, int]:
    """Returns packages, files, bytes and lines of the whole corpus."""
    sums = {key: sum(of[key] for of in sizes.values()) for key in ("files", "bytes", "lines")}
    return {"packages": len(sizes)} | sums


def scan_parts(
    out: Path, name: str, order: list[str], minutes: float | None, kept: Path | None = None
) -> tuple[dict[str, list[Finding]], float]:
    """Scans package by package, until the CPU minutes are used up.

    Returns the findings of each package that was scanned to its end, with paths below `out`,
    and the CPU seconds of all of it. With a file to keep them in, a second call goes on where
    the first one was stopped.
    """
    scanner, start = scanners.scanners()[name], scanners.cpu_seconds()
    parts, before = load_parts(kept)
    for folder in (folder for folder in order if folder not in parts):
        used = before + scanners.cpu_seconds() - start
        left = 60 * minutes - used if minutes else None
        try:
            found = scanners.run(scanner, out / folder, left and max(1, round(left)))
        except scanners.OutOfTime as error:
            print(error, flush=True)
            break
        parts[folder] = [scanners.moved(finding, folder) for finding in found]
        keep_parts(kept, parts, before + scanners.cpu_seconds() - start)
    return parts, before + scanners.cpu_seconds() - start


def load_parts(kept: Path | None) -> tuple[dict[str, list[Finding]], float]:
    """Returns what an earlier call kept, and the CPU seconds that it took."""
    if kept is None or not kept.exists():
        return {}, 0.0
    text = json.loads(kept.read_text())

    def finding(of: dict[str, Any]) -> Finding:
        return Finding(**of | {"columns": tuple(of["columns"])})

    parts = {folder: [*map(finding, found)] for folder, found in text["parts"].items()}
    return parts, text["cpu_s"]


def keep_parts(kept: Path | None, parts: dict[str, list[Finding]], seconds: float) -> None:
    """Keeps what was found so far: a slow scanner takes hours."""
    if kept is None:
        return
    found = {folder: [asdict(one) for one in found] for folder, found in parts.items()}
    scratch = kept.with_suffix(".new")
    scratch.write_text(json.dumps({"cpu_s": seconds, "parts": found}))
    scratch.replace(kept)


def scan(out: Path, name: str) -> list[Finding]:
    """Scans every package and returns the findings with paths below `out`."""
    parts, _ = scan_parts(out, name, [folder_of(package) for package in packages()], None)
    return [finding for found in parts.values() for finding in found]


def places(findings: list[Finding]) -> set[tuple[str, int]]:
    """Returns where something is found: two rules on one line are one alarm for the reader."""
    return {(finding.path, finding.line) for finding in findings}


def as_report(parts: dict[str, list[Finding]], lines: dict[str, int]) -> dict[str, Any]:
    """Returns the counts of one scanner, over the packages that it scanned."""
    findings = [finding for found in parts.values() for finding in found]
    at, read = places(findings), sum(lines[folder] for folder in parts)
    return {
        "findings": len(at),
        "lines": read,
        "per_million_lines": round(1e6 * len(at) / read, 2),
        "by_file_kind": dict(Counter(file_kind(path) for path, _ in at).most_common()),
        "by_rule": dict(Counter(finding.rule for finding in findings).most_common()),
        "by_package": {folder: len(places(found)) for folder, found in sorted(parts.items())},
    }


def review(findings: list[Finding]) -> list[dict[str, Any]]:
    """Returns keyhook's findings for a person to judge, masked."""
    return [
        {
            "path": finding.path,
            "line": finding.line,
            "rule": finding.rule,
            "confidence": finding.confidence,
            "masked": finding.masked,
            "file_kind": file_kind(finding.path),
        }
        for finding in sorted(findings, key=lambda at: (at.rule, at.path, at.line))
    ]


def scan_all(out: Path, into: Path, names: list[str], minutes: float | None = None) -> None:
    """Scans with every named scanner and writes the counts, and keyhook's findings.

    With a limit of CPU minutes the smallest packages come first: a slow scanner then gets
    through most of them, and `by_package` says which. A scan that was stopped goes on where it
    was; to begin anew, remove `corpus-parts-NAME.json`.
    """
    into.mkdir(parents=True, exist_ok=True)
    file, sizes = into / "corpus-scan.json", size(out)
    order = sorted(sizes, key=lambda folder: sizes[folder]["bytes"])
    lines = {folder: of["lines"] for folder, of in sizes.items()}
    for name in names or scanners.scanners():
        # A scan of keyhook takes seconds, and is of another keyhook each time.
        kept = None if name == "keyhook" else into / f"corpus-parts-{name}.json"
        parts, seconds = scan_parts(out, name, order, minutes, kept)
        if kept and len(parts) == len(order):
            kept.unlink(missing_ok=True)
        results = json.loads(file.read_text()) if file.exists() else {}
        results |= {"size": total(sizes), "sizes": sizes}
        results[name] = as_report(parts, lines) | {"cpu_s": round(seconds)}
        if name == "keyhook":
            findings = [finding for found in parts.values() for finding in found]
            (into / "corpus-review.json").write_text(json.dumps(review(findings), indent=1))
        file.write_text(json.dumps(results, indent=1))
        at = (results[name]["findings"], results[name]["per_million_lines"], f"{seconds:.0f} s")
        print(name, *at, f"{len(parts)} of {len(order)} packages", flush=True)


def main() -> None:
    """Does what the arguments say."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("step", choices=["fetch", "pin", "size", "scan", "review"])
    parser.add_argument("names", nargs="*", help="pin: the registry, then package names")
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT, help="the corpus")
    parser.add_argument("--into", type=Path, default=Path("/tmp/keyhook-proof"))
    parser.add_argument("--only", action="append", default=[], help="a scanner; repeatable")
    parser.add_argument("--minutes", type=float, help="CPU minutes that each scanner may use")
    parser.add_argument("--keyhook", type=Path, help="the keyhook binary to measure")
    args = parser.parse_args()
    if args.keyhook:
        os.environ["KEYHOOK"] = str(args.keyhook.resolve())
    args.out.mkdir(parents=True, exist_ok=True)
    if args.step == "pin":
        pin(args.names[0], args.names[1:])
    elif args.step == "fetch":
        fetch(args.out)
    elif args.step == "review":
        findings, lines = scan(args.out, "keyhook"), total(size(args.out))["lines"]
        raise SystemExit(reviewed.compare(args.out, findings, lines))
    elif args.step == "size":
        print(json.dumps(total(size(args.out))))
    else:
        scan_all(args.out, args.into, args.only, args.minutes)


if __name__ == "__main__":
    main()
