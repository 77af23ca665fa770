"""Writes the tables of `docs/comparison.md` from what was measured.

The page's words stay as people wrote them; only what lies between the two marks is replaced.
A figure that was not measured is shown as "not measured", never left out or guessed.

    python3 tests/proof/table.py --from /tmp/keyhook-proof
"""

from __future__ import annotations

import argparse
import datetime
import json
from pathlib import Path
from typing import Any

from scanners import ROOT

PAGE = ROOT / "docs" / "comparison.md"
START, END = "<!-- measured: start -->", "<!-- measured: end -->"
MISSING = "not measured"
KEYS = ("recall", "named_right")

GROUPS = {
    "ai-shaped": "AI keys with a shape",
    "ai-shapeless": "AI keys without a shape",
    "general-shaped": "other keys with a shape",
    "general-shapeless": "other keys without a shape",
    "generic": "passwords and tokens in configuration",
}
ORDER = (
    "keyhook", "gitleaks", "betterleaks", "kingfisher", "detect-secrets", "ripsecrets",
    "secretlint",
)  # fmt: skip


def load(folder: Path, name: str) -> dict[str, Any]:
    """Returns what a step wrote, or nothing if it was not run."""
    file = folder / name
    return json.loads(file.read_text()) if file.exists() else {}


def table(head: list[str], rows: list[list[str]]) -> str:
    """Returns a Markdown table, figures to the right."""
    rule = ["---"] + ["--:"] * (len(head) - 1)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [head, rule, *rows])


def figure(value: Any, unit: str = "") -> str:
    """Returns a figure as the page shows it."""
    return MISSING if value is None else f"{value}{unit}"


def recall_tables(recall: dict[str, Any]) -> str:
    """Returns recall by group, named right by group, and recall by context."""
    names = [name for name in ORDER if name in recall]
    groups = {name: recall[name]["recall"]["group"] for name in names}
    found = [
        [title, *(f"{groups[name][group]['recall']:.1f} %" for name in names)]
        for group, title in GROUPS.items()
    ]
    # A generic secret has no provider that could be named.
    named = [
        [title, *(f"{groups[name][group]['named_right']:.1f} %" for name in names)]
        for group, title in GROUPS.items()
        if group != "generic"
    ]
    contexts = {name: recall[name]["recall"]["all contexts"] for name in names}
    by_context = [
        [context, *(f"{contexts[name][context]['recall']:.1f} %" for name in names)]
        for context in sorted(contexts[names[0]])
    ]
    return "\n\n".join(
        [
            "### Recall by group\n\n" + table(["found of", *names], found),
            "### Found and called by the provider's name\n\n" + table(["of", *names], named),
            "### Recall by context, all providers\n\n" + table(["context", *names], by_context),
        ]
    )


def negative_table(recall: dict[str, Any]) -> str:
    """Returns the false alarms on generated texts without a secret."""
    names = [name for name in ORDER if name in recall]
    classes = recall[names[0]]["negatives"]
    rows = [
        [f"{of} ({classes[of]['cases']})"]
        + [str(recall[name]["negatives"][of]["alarms"]) for name in names]
        for of in classes
    ]
    totals = [sum(of["alarms"] for of in recall[name]["negatives"].values()) for name in names]
    rows.append(["all", *map(str, totals)])
    return "### False alarms on texts without a secret\n\n" + table(["class (cases)", *names], rows)


def corpus_table(scan: dict[str, Any]) -> str:
    """Returns what is reported in real source distributions."""
    title = "### Findings in real source distributions\n\n"
    if not scan:
        return title + MISSING
    size = scan["size"]
    text = (
        f"{size['packages']} packages, {size['files']:,} files, {size['bytes'] / 1e6:,.0f} MB, "
        f"{size['lines']:,} lines.\n\n"
    )
    kinds = sorted({kind for name in ORDER for kind in scan.get(name, {}).get("by_file_kind", {})})
    # Who did not get through all of it is compared on what it got through, below.
    scanned = [name for name in ORDER if name in scan]
    names = [name for name in scanned if not is_part(scan, name)]
    rows = [["per million lines", *(str(scan[name]["per_million_lines"]) for name in names)]]
    rows += [["all", *(str(scan[name]["findings"]) for name in names)]]
    rows += [
        [kind, *(str(scan[name]["by_file_kind"].get(kind, 0)) for name in names)] for kind in kinds
    ]
    unmeasured = [name for name in ORDER if name not in scan]
    note = f"\n\n{MISSING.capitalize()}: {', '.join(unmeasured)}." if unmeasured else ""
    parts = "".join(part_note(scan, name) for name in scanned if name not in names)
    return title + text + table(["findings", *names], rows) + parts + note


def is_part(scan: dict[str, Any], name: str) -> bool:
    """Tells whether a scanner's time was up before the last package."""
    packages = scan[name].get("by_package", scan["sizes"])
    return len(packages) < len(scan["sizes"])


def part_note(scan: dict[str, Any], name: str) -> str:
    """Compares a scanner with keyhook on the packages that it got through, and names them."""
    done, sizes = scan[name]["by_package"], scan["sizes"]
    lines, size = (sum(sizes[folder][of] for folder in done) for of in ("lines", "bytes"))
    ours = sum(scan["keyhook"]["by_package"][folder] for folder in done)
    rates = [f"{1e6 * found / lines:.2f}" for found in (scan[name]["findings"], ours)]
    return (
        f"\n\n{name} was ended after {scan[name]['cpu_s']} CPU seconds: it had read the "
        f"{len(done)} smallest packages ({size / 1e6:,.0f} MB, {lines:,} lines) and reported "
        f"{scan[name]['findings']} lines, {rates[0]} per million; keyhook reports {ours} there, "
        f"{rates[1]} per million. They are: {', '.join(sorted(done))}."
    )


def confidence_table(levels: dict[str, dict[str, Any]]) -> str:
    """Returns keyhook's recall and noise at each confidence."""
    title = "### keyhook at each confidence\n\n"
    if not all(level["recall"] and level["scan"] for level in levels.values()):
        return title + MISSING.capitalize() + "."
    of = {name: level["recall"]["keyhook"] for name, level in levels.items()}
    rows = [
        [group, *(f"{of[name]['recall']['group'][key]['recall']:.1f} %" for name in levels)]
        for key, group in GROUPS.items()
    ]
    alarms = [sum(one["alarms"] for one in of[name]["negatives"].values()) for name in levels]
    rows.append(["false alarms on texts without a secret", *map(str, alarms)])
    noise = [str(level["scan"]["keyhook"]["per_million_lines"]) for level in levels.values()]
    rows.append(["findings per million lines of the corpus", *noise])
    return title + table(["at and above", *levels], rows)


def sample_table(sample: dict[str, Any]) -> str:
    """Returns the recall of scanners that are too slow for the whole set, beside keyhook's."""
    names = [name for name in ORDER if name in sample]
    if len(names) < 2:
        return ""
    groups = {name: sample[name]["recall"]["group"] for name in names}
    rows = [
        [title, *(f"{groups[name][group]['recall']:.1f} %" for name in names)]
        for group, title in GROUPS.items()
    ]
    cases = sum(of["cases"] for of in groups[names[0]].values())
    head = [f"found of, in {cases:,} cases of the set", *names]
    return "### Recall of a slow scanner, on a part of the set\n\n" + table(head, rows)


def seed_table(recall: dict[str, Any], other: dict[str, Any]) -> str:
    """Returns keyhook's recall on the set its rules were worked on with, and on another."""
    title = "### keyhook on keys it was not worked on with\n\n"
    if "keyhook" not in recall or "keyhook" not in other:
        return title + MISSING.capitalize() + "."
    of = [recall["keyhook"], other["keyhook"]]
    groups = [one["recall"]["group"] for one in of]
    rows = [
        [title, *(f"{one[group][key]:.1f} %" for key in KEYS for one in groups)]
        for group, title in GROUPS.items()
    ]
    alarms = [str(sum(alarm["alarms"] for alarm in one["negatives"].values())) for one in of]
    rows.append(["false alarms on texts without a secret", *alarms, "", ""])
    head = ["", "found, seed 1", "found, seed 7", "named, seed 1", "named, seed 7"]
    return title + table(head, rows)


def speed_table(speed: dict[str, Any], recall: dict[str, Any]) -> str:
    """Returns start-up, throughput and versions."""
    rows = []
    for name in ORDER:
        of, version = speed.get(name, {}), recall.get(name, {}).get("version")
        start_up = figure(of.get("start_up_cpu_s"), " s")
        rows.append([name, figure(version), start_up, figure(of.get("mb_per_cpu_s"), " MB/s")])
    head = ["scanner", "version", "start-up (CPU)", "throughput (CPU)"]
    return "### Versions, start-up and throughput\n\n" + table(head, rows)


def measured(folder: Path) -> str:
    """Returns everything between the marks."""
    recall = load(folder, "recall.json")
    parts = [f"Measured on {datetime.date.today().isoformat()}."]
    if recall:
        parts += [recall_tables(recall), negative_table(recall)]
    sample = load(folder / "sample", "recall.json")
    if sampled := sample_table(sample):
        parts.append(sampled)
    parts.append(corpus_table(load(folder, "corpus-scan.json")))
    folders = {"high": folder / "high", "medium (default)": folder, "low": folder / "low"}
    levels = {
        name: {"recall": load(at, "recall.json"), "scan": load(at, "corpus-scan.json")}
        for name, at in folders.items()
    }
    parts.append(confidence_table(levels))
    parts.append(seed_table(recall, load(folder / "seed-7", "recall.json")))
    parts.append(speed_table(load(folder, "speed.json"), sample | recall))
    return "\n\n".join(parts)


def main() -> None:
    """Replaces the measured part of the page."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--from", dest="folder", type=Path, default=Path("/tmp/keyhook-proof"))
    args = parser.parse_args()
    head, _, rest = PAGE.read_text().partition(START)
    _, _, tail = rest.partition(END)
    PAGE.write_text(f"{head}{START}\n\n{measured(args.folder)}\n\n{END}{tail}")
    print(f"wrote {PAGE}")


if __name__ == "__main__":
    main()
