"""Tests of the harness's own logic.

    python3 -m unittest discover -s tests/proof
"""

from __future__ import annotations

import base64
import json
import random
import tempfile
import unittest
from pathlib import Path

import corpus
import generate
import negatives
import places
import recall
import reviewed
import scanners
import table
from checksums import CHECKSUMS
from expand import Expander, fill
from generate import HERE, Case
from places import encode
from scanners import Finding

FACTS = json.loads((HERE / "kinds.json").read_text())


def expanded(template: str) -> str:
    """Fills a template the same way each time."""
    return Expander(random.Random(1)).expand(template)


class Checksums(unittest.TestCase):
    """The algorithms agree with the reference."""

    def test_every_vector_of_the_reference(self) -> None:
        for name, vector in FACTS["vectors"].items():
            with self.subTest(name):
                head = vector["prefix"]
                head += f"{vector['middle']}_" if "middle" in vector else ""
                expected, body = vector["checksum"], vector["body"]
                if name == "gitlab-routable":
                    # The reference counts the payload's length to the body.
                    body, expected = body[:-2], body[-2:] + expected
                self.assertEqual(CHECKSUMS[name](head + body).lstrip("_"), expected)

    def test_bech32_agrees_with_the_standard(self) -> None:
        # BIP 173's shortest valid string is `a` with no data.
        self.assertEqual(CHECKSUMS["bech32"]("a1"), "2UEL5L")

    def test_another_body_has_another_checksum(self) -> None:
        first, second = (expanded(f"ghp_{{{{{name} 30}}}}") for name in ("alnum", "hex"))
        self.assertNotEqual(CHECKSUMS["github-crc32"](first), CHECKSUMS["github-crc32"](second))


class Templates(unittest.TestCase):
    """The template language."""

    def test_lengths_choices_and_ranges(self) -> None:
        self.assertRegex(expanded("x{{hex 40}}"), r"^x[0-9a-f]{40}$")
        self.assertRegex(expanded("{{digits 2,4}}"), r"^(\d{2}|\d{4})$")
        self.assertRegex(expanded("{{alnum 7-9}}"), r"^\w{7,9}$")

    def test_items_nest(self) -> None:
        text = base64.b64decode(expanded("{{encode base64 id-{{hex 4}}:{{digits 3}}}}")).decode()
        self.assertRegex(text, r"^id-[0-9a-f]{4}:\d{3}$")

    def test_foreign_braces_stay(self) -> None:
        self.assertEqual(expanded("{{ .Values.key }}"), "{{ .Values.key }}")

    def test_marks_give_the_secret(self) -> None:
        filled = fill("postgres://app:«{{hex 12}}»@db/x", random.Random(1))
        self.assertRegex(filled.secret, r"^[0-9a-f]{12}$")
        self.assertEqual(filled.text, f"postgres://app:{filled.secret}@db/x")

    def test_an_item_without_end_is_refused(self) -> None:
        with self.assertRaises(ValueError):
            expanded("{{hex 4")

    def test_every_kind_expands_completely(self) -> None:
        for kind in FACTS["kinds"]:
            for template in kind["templates"]:
                filled = fill(template, random.Random(1))
                self.assertNotIn("{{", filled.text, kind)
                self.assertGreaterEqual(len(filled.secret), 8, kind)

    def test_the_same_seed_makes_the_same_key(self) -> None:
        first, second = (fill("{{alnum 40}}", random.Random("s")).text for _ in range(2))
        self.assertEqual(first, second)


class Places(unittest.TestCase):
    """How a secret is written into a file."""

    def test_escapes_keep_the_span(self) -> None:
        filled = fill("u:«{{one a\"b\\c}}»@h", random.Random(1))
        text, (start, end) = encode("STR", filled)
        self.assertEqual(text[start:end], 'a\\"b\\\\c')

    def test_yaml_quotes_only_what_needs_it(self) -> None:
        plain, special = (fill(text, random.Random(1)) for text in ("abc", "a: #b"))
        self.assertEqual(encode("YAML", plain), ("abc", (0, 3)))
        self.assertEqual(encode("YAML", special), ('"a: #b"', (1, 6)))

    def test_a_key_without_a_shape_always_has_evidence(self) -> None:
        kind = {"kind": "API key", "shaped": False, "group": "ai"}
        facts = FACTS["providers"]["mistral"]
        for seed in range(50):
            place = places.Place(random.Random(seed), "mistral", facts, kind)
            self.assertIn(place.names["ENV"], facts["env_vars"])

    def test_an_id_is_no_name_for_a_secret(self) -> None:
        names = places.provider_names(FACTS["providers"]["aws"], "aws", "secret access key")
        self.assertFalse([name for name in names if name.endswith("_ID")])


class Cases(unittest.TestCase):
    """The generated set."""

    def test_spans_point_at_the_secret_and_its_line(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            written = places.Written("a/b.txt", "é\nkey=abc\n", 6, 9)
            about = {"group": "g", "provider": "p", "kind": "k", "context": "c"}
            case = generate.write_case(Path(folder), 7, written, about)
            data = (Path(folder) / case.path).read_bytes()
            self.assertEqual(data[case.start : case.end], b"abc")
            self.assertEqual((case.line, case.line_end), (2, 2))

    def test_every_token_kind_has_fourteen_contexts(self) -> None:
        contexts: dict[str, set[str]] = {}
        for written, about in generate.key_cases(FACTS, 1, 1):
            self.assertLess(written.start, written.end, about)
            contexts.setdefault(f"{about['provider']}/{about['kind']}", set()).add(about["context"])
        few = {name for name, found in contexts.items() if len(found) < 14}
        # Whole lines of a file of their own kind fit fewer places.
        self.assertLessEqual({name.split("/")[0] for name in few}, set(places.NATIVE))

    def test_a_near_miss_is_one_short(self) -> None:
        self.assertEqual(len(negatives.near_miss(random.Random(1), "gsk_{{alnum 52}}") or ""), 55)
        self.assertIsNone(negatives.near_miss(random.Random(1), "{{hex 4}}-{{hex 40}}"))


class Mapping(unittest.TestCase):
    """Findings are laid on cases by file and line."""

    case = Case("0/a.env", 4, 9, 2, 2, "ai-shaped", "mistral", "API key", "dotenv")

    def score(self, *findings: Finding) -> recall.Tally:
        """Returns what one case counts with these findings."""
        scores = recall.score([self.case], list(findings), FACTS)
        return scores.tallies["group"]["ai-shaped"]

    def test_the_line_and_the_file_must_agree(self) -> None:
        self.assertEqual(self.score(Finding("0/a.env", 2, 2, "x")).found, 1)
        self.assertEqual(self.score(Finding("0/a.env", 1, 1, "x")).found, 0)
        self.assertEqual(self.score(Finding("0/b.env", 2, 2, "x")).found, 0)

    def test_a_finding_of_several_lines_covers_them(self) -> None:
        self.assertEqual(self.score(Finding("0/a.env", 1, 3, "x")).found, 1)

    def test_the_rule_must_name_the_provider(self) -> None:
        self.assertEqual(self.score(Finding("0/a.env", 2, 2, "mistral-api-key")).named, 1)
        self.assertEqual(self.score(Finding("0/a.env", 2, 2, "generic-api-key")).named, 0)

    def test_reports_are_read(self) -> None:
        gitleaks = '[{"File": "a", "StartLine": 2, "EndLine": 3, "RuleID": "r"}]'
        self.assertEqual(list(scanners.read_gitleaks(gitleaks)), [Finding("a", 2, 3, "r")])
        self.assertEqual(
            list(scanners.read_ripsecrets("./a/b:12:x = 1\n")), [Finding("./a/b", 12, 12, "secret")]
        )

    def test_paths_become_relative(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            absolute = Finding(f"{Path(folder).resolve()}/a/b", 1, 1, "r")
            self.assertEqual(scanners.below(Path(folder), absolute).path, "a/b")
            self.assertEqual(scanners.below(Path(folder), Finding("./a", 1, 1, "r")).path, "a")


class Corpus(unittest.TestCase):
    """The corpus and its counts."""

    def test_what_a_file_is(self) -> None:
        kinds = {
            "a/package-lock.json": "lock file",
            "dist/a.min.js": "minified",
            "a/tests/x.py": "test",
            "src/x.py": "code",
            "docs/a.md": "documentation",
            ".env": "configuration",
        }
        for path, kind in kinds.items():
            self.assertEqual(corpus.file_kind(path), kind, path)

    def test_two_rules_on_one_line_are_one_alarm(self) -> None:
        findings = [Finding("a", 1, 1, "r"), Finding("a", 1, 1, "s"), Finding("a", 2, 2, "r")]
        report = corpus.as_report({"one": findings, "two": []}, {"one": 500_000, "two": 500_000})
        self.assertEqual((report["findings"], report["per_million_lines"]), (2, 2.0))
        self.assertEqual(report["by_package"], {"one": 2, "two": 0})

    def test_a_stopped_scan_goes_on_where_it_was(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            kept = Path(folder) / "parts.json"
            self.assertEqual(corpus.load_parts(kept), ({}, 0.0))
            parts = {"one": [Finding("one/a", 1, 1, "r")], "two": []}
            corpus.keep_parts(kept, parts, 2.5)
            self.assertEqual(corpus.load_parts(kept), (parts, 2.5))

    def test_a_scanner_is_compared_on_the_packages_that_it_read(self) -> None:
        sizes = {"a": {"bytes": 2_000_000, "lines": 1000}, "b": {"bytes": 1, "lines": 1}}
        slow = {"by_package": {"a": 4}, "findings": 4, "cpu_s": 600}
        scan = {"sizes": sizes, "slow": slow, "keyhook": {"by_package": {"a": 1, "b": 7}}}
        self.assertTrue(table.is_part(scan, "slow"))
        self.assertFalse(table.is_part(scan, "keyhook"))
        note = table.part_note(scan, "slow")
        for words in ("600 CPU seconds", "4 lines, 4000.00", "reports 1 there, 1000.00", "are: a."):
            self.assertIn(words, note)

    def test_a_scanner_that_takes_too_long_is_ended(self) -> None:
        burn = ["python3", "-c", "while True: pass"]
        scanner = scanners.Scanner("slow", burn, lambda text: [], burn)
        with tempfile.TemporaryDirectory() as folder, self.assertRaises(scanners.OutOfTime):
            scanners.run(scanner, Path(folder), cpu_limit=1)

    def test_every_package_is_pinned(self) -> None:
        pinned = corpus.packages()
        self.assertGreaterEqual(len(pinned), 45)
        for package in pinned:
            self.assertRegex(package["sha256"], r"^[0-9a-f]{64}$")


class Reviewed(unittest.TestCase):
    """A finding that nobody judged fails the review."""

    def test_value_and_not_line_is_remembered(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            corpus_folder = Path(folder)
            (corpus_folder / "a.txt").write_text("x = one\n\nx = one\nx = two\n")
            at = [Finding("a.txt", n, n, "rule", columns=(5, 8)) for n in (1, 3, 4)]
            marks = [reviewed.mark(corpus_folder, one) for one in at]
        self.assertEqual(marks[0], marks[1])
        self.assertNotEqual(marks[0], marks[2])

    def test_the_list_holds_each_value_once_and_no_secret(self) -> None:
        entries = json.loads(reviewed.LIST.read_text())
        self.assertEqual(len(entries), len(reviewed.load()))
        for entry in entries:
            self.assertRegex(entry["value"], "^[0-9a-f]{12}$")


if __name__ == "__main__":
    unittest.main()
