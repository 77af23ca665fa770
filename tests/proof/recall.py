"""Measures what each scanner finds of the generated cases.

A case counts as found if a finding lies in its file on a line of its secret, and as named right
if such a finding's rule holds the provider's name or one of its aliases. A finding anywhere in
a case without a secret is a false alarm. Everything is counted the same way for everybody.

    python3 tests/proof/recall.py --only keyhook     # misses.json, recall.json below --out
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import scanners
from generate import DEFAULT_OUT, HERE, Case, load
from scanners import Finding

# Words of a provider's name that many others share, and so name nobody.
COMMON_WORDS = {"ai", "api", "cloud", "labs", "search", "key", "the", "token", "service", "data"}


@dataclass
class Tally:
    """How many of some cases were found, and how many were called by their name."""

    cases: int = 0
    found: int = 0
    named: int = 0

    def add(self, found: bool, named: bool) -> None:
        """Counts one case."""
        self.cases += 1
        self.found += found
        self.named += named

    def as_dict(self) -> dict[str, Any]:
        """Returns the counts and the share that was found."""
        share = round(100 * self.found / self.cases, 2) if self.cases else None
        named = round(100 * self.named / self.cases, 2) if self.cases else None
        counts = {"cases": self.cases, "found": self.found, "named": self.named}
        return counts | {"recall": share, "named_right": named}


@dataclass
class Scores:
    """Everything that is counted for one scanner."""

    tallies: dict[str, dict[str, Tally]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(Tally))
    )
    misses: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    misnamed: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    examples: dict[tuple[str, str, str, str], str] = field(default_factory=dict)
    false_alarms: Counter[tuple[str, str]] = field(default_factory=Counter)
    negatives: Counter[str] = field(default_factory=Counter)


def squeeze(text: str) -> str:
    """Returns the letters and digits of a text, which is what names are compared by."""
    return re.sub(r"[^a-z0-9]", "", text.lower())


def provider_words(facts: dict[str, Any], provider: str) -> set[str]:
    """Returns what a rule may be called to name a provider."""
    of = facts["providers"].get(provider, {"name": provider, "aliases": []})
    names = [provider, of["name"], *of["aliases"], *re.split(r"[ /(),]+", of["name"])]
    names += provider.split("-")
    return {squeeze(name) for name in names} - COMMON_WORDS - {""}


def is_named(words: set[str], findings: list[Finding]) -> bool:
    """Tells whether a finding's rule holds one of the words."""
    rules = [squeeze(finding.rule) for finding in findings]
    return any(word in rule for word in words for rule in rules if len(word) > 1)


def score(cases: list[Case], findings: list[Finding], facts: dict[str, Any]) -> Scores:
    """Compares the findings of one scanner with the cases."""
    by_path: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_path[finding.path].append(finding)
    scores = Scores()
    for case in cases:
        near = by_path.get(case.path, [])
        if case.group == "negative":
            scores.negatives[case.context] += 1
            for finding in near[:1]:
                scores.false_alarms[case.context, finding.rule] += 1
            continue
        hits = [at for at in near if case.line <= at.line_end and at.line <= case.line_end]
        named = is_named(provider_words(facts, case.provider), hits)
        count(scores, case, hits, named)
    return scores


def count(scores: Scores, case: Case, hits: list[Finding], named: bool) -> None:
    """Counts one case in every table that it belongs to."""
    kind = f"{case.provider}/{case.kind}"
    keys = {"group": case.group, "context": f"{case.group} {case.context}", "kind": kind}
    if case.group != "generic":
        keys["all contexts"] = case.context
    for table, key in keys.items():
        scores.tallies[table][key].add(bool(hits), named)
    if not hits:
        miss = (case.group, case.provider, case.kind, case.context)
        scores.misses[miss] += 1
        scores.examples.setdefault(miss, case.path)
    elif not named and case.group != "generic":
        scores.misnamed[case.provider, case.kind, hits[0].rule] += 1


def as_report(scores: Scores) -> dict[str, Any]:
    """Returns the tables of one scanner as they are written to a file."""
    alarms: dict[str, Any] = {}
    for name, total in sorted(scores.negatives.items()):
        rules = {rule: n for (of, rule), n in scores.false_alarms.most_common() if of == name}
        alarms[name] = {"cases": total, "alarms": sum(rules.values()), "rules": rules}
    tables = {
        table: {key: tally.as_dict() for key, tally in sorted(rows.items())}
        for table, rows in scores.tallies.items()
    }
    return {"recall": tables, "negatives": alarms}


def misses(scores: Scores) -> list[dict[str, Any]]:
    """Returns kind × context of what was missed, the most frequent first, with one example."""
    return [
        {"group": group, "provider": provider, "kind": kind, "context": context, "count": number}
        | {"example": scores.examples[group, provider, kind, context]}
        for (group, provider, kind, context), number in scores.misses.most_common()
    ]


def misnamed(scores: Scores) -> list[dict[str, Any]]:
    """Returns the kinds that were found under a rule of somebody else."""
    return [
        {"provider": provider, "kind": kind, "rule": rule, "count": number}
        for (provider, kind, rule), number in scores.misnamed.most_common()
    ]


def measure(out: Path, into: Path, names: list[str]) -> dict[str, Any]:
    """Runs the named scanners over the set below `out` and writes what they found."""
    into.mkdir(parents=True, exist_ok=True)
    facts = json.loads((HERE / "kinds.json").read_text())
    cases, every = load(out), scanners.scanners()
    file = into / "recall.json"
    results = json.loads(file.read_text()) if file.exists() else {}
    for name in names or every:
        findings = scanners.run(every[name], out / "cases")
        scores = score(cases, findings, facts)
        results[name] = as_report(scores) | {"version": scanners.version(every[name])}
        (into / f"misses-{name}.json").write_text(json.dumps(misses(scores), indent=1))
        (into / f"misnamed-{name}.json").write_text(json.dumps(misnamed(scores), indent=1))
        file.write_text(json.dumps(results, indent=1))
        print(line(name, results[name]), flush=True)
    return results


def sample(out: Path, every: int) -> Path:
    """Makes a set of every so many-th case beside the whole one, and returns its folder.

    Take a number that shares no factor with that of the contexts, or some of them are left out.
    """
    folder = out / f"every-{every}"
    shutil.rmtree(folder, ignore_errors=True)
    lines = (out / "manifest.jsonl").read_text().splitlines()[::every]
    for path in (json.loads(line)["path"] for line in lines):
        target = folder / "cases" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.hardlink_to(out / "cases" / path)
    (folder / "manifest.jsonl").write_text("\n".join(lines) + "\n")
    return folder


def line(name: str, report: dict[str, Any]) -> str:
    """Returns one scanner's recall in one line."""
    groups = report["recall"]["group"]
    shares = [f"{group} {of['recall']} ({of['named_right']})" for group, of in groups.items()]
    alarms = sum(of["alarms"] for of in report["negatives"].values())
    total = sum(of["cases"] for of in report["negatives"].values())
    return f"{name}: {'  '.join(shares)}  false alarms {alarms} of {total}"


def main() -> None:
    """Measures as the arguments say."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT, help="the set of generate.py")
    parser.add_argument("--into", type=Path, help="where the figures go; the set's folder if not")
    parser.add_argument("--every", type=int, help="measure every so many-th case, for slow scanners")
    parser.add_argument("--only", action="append", default=[], help="a scanner; repeatable")
    parser.add_argument("--keyhook", type=Path, help="the keyhook binary to measure")
    args = parser.parse_args()
    if args.keyhook:
        os.environ["KEYHOOK"] = str(args.keyhook.resolve())
    into = args.into or args.out
    if args.every:
        args.out, into = sample(args.out, args.every), into / "sample"
    measure(args.out, into, args.only)


if __name__ == "__main__":
    main()
