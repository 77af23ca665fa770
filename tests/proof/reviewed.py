"""Compares keyhook's findings on the corpus with `reviewed.json`, where each was judged.

One entry is one value under one rule in one file: where it stands, a short salted hash of it
(never the value), and the verdict of a person who looked at it:

    key      real key material, or a credential that looks as if it worked: its owner wants to know
    false    no credential

A finding without an entry fails the review, so that no new false alarm comes in unseen. An entry
without a finding is only told: something found it before.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from scanners import Finding

LIST = Path(__file__).parent / "reviewed.json"
VERDICTS = ("key", "false")
# Keeps the hashes from being those that anybody else has of these values.
SALT = b"keyhook corpus review\0"


class Mark(NamedTuple):
    """What a finding is known by: its line may move."""

    path: str
    rule: str
    value: str


def mark(corpus: Path, finding: Finding) -> Mark:
    """Returns what a finding is known by."""
    lines = (corpus / finding.path).read_bytes().split(b"\n")[finding.line - 1 : finding.line_end]
    start, end = finding.columns
    lines[-1] = lines[-1][: end - 1]
    lines[0] = lines[0][start - 1 :]
    digest = hashlib.sha256(SALT + b"\n".join(lines)).hexdigest()
    return Mark(finding.path, finding.rule, digest[:12])


def load() -> dict[Mark, str]:
    """Returns the verdicts, or stops at an entry that is none."""
    verdicts = {}
    for entry in json.loads(LIST.read_text()):
        if entry["verdict"] not in VERDICTS or not entry["reason"]:
            raise SystemExit(f"{LIST.name}: {entry['path']}: a verdict and a reason, please")
        verdicts[Mark(entry["path"], entry["rule"], entry["value"])] = entry["verdict"]
    return verdicts


def compare(corpus: Path, findings: list[Finding], lines: int) -> int:
    """Prints the counts and what is not reviewed; returns the exit code."""
    verdicts = load()
    marks = [mark(corpus, finding) for finding in findings]
    counts = Counter((verdicts.get(one, "not reviewed"), one.rule) for one in marks)
    for verdict in (*VERDICTS, "not reviewed"):
        rules = {rule: n for (of, rule), n in counts.most_common() if of == verdict}
        total = sum(rules.values())
        print(f"{verdict}: {total}, {1e6 * total / lines:.2f} per million lines")
        for rule, number in rules.items():
            print(f"  {number:4} {rule}")
    for gone in sorted(set(verdicts) - set(marks)):
        print(f"no longer found: {gone.path} {gone.rule} {gone.value}")
    unknown = [(f, one) for f, one in zip(findings, marks, strict=True) if one not in verdicts]
    for finding, one in unknown:
        print(f"NOT REVIEWED: {finding.path}:{finding.line} {one.rule} {one.value}")
    return 1 if unknown else 0
