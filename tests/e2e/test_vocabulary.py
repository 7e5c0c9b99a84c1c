"""Words that were replaced do not come back: in source, templates, documentation or output."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final

import pytest
import typer.main

from circleci_usage.cli.app import app
from commandline import circleci_usage
from paths import ROOT

REPLACED: Final[Mapping[str, str]] = {
    # American spelling.
    r"organis(?:e|ation)": "organiz…",
    r"licen[c]e": "license",
    r"behaviour|colour|favour|neighbour|honour": "…or",
    r"\bcentres?\b": "center",
    r"\banalys(?:e|ed|ing)\b": "analyz…",
    r"\b(?:cancell|labell|modell|travell|signall)(?:ed|ing)\b": "one l",
    r"neutralis|normalis|summaris|recognis|minimis|optimis|initialis": "…iz…",
    r"\bgrey\b": "gray",
    # The field's words.
    r"costliest|dearest": "most expensive",
    r"made[- ]up\b": "sample, synthetic",
    r"stands? out\b": "anomaly",
    r"paid for nothing": "wasted spend",
    r"besides compute": "non-compute",
    r"machines? of the right size": "right-sizing",
    r"(?-i:Would do|Saves a month)": "Recommended, Current class, Monthly savings",
    r"pays if faster by|cheaper anyway": "break-even speed-up, always cheaper",
    r"\bruns again\b|waited in queues": "reruns, queue time",
    r"(?-i:What changed|What drove it)": "Change vs. previous period, Main drivers",
    r"(?-i:At list price)|\bby contract\b": "list cost, contracted cost",
    r"at month end|may be spent|will be exceeded": "forecast, budget, forecast to exceed",
    r"should have cost|because of (?:its|the) job\b": "expected, main driver",
    r"what the credits went to|where jobs ran, and why": "see the navigation",
    r"no day is complete:|all sums agree": "data is incomplete, totals reconcile",
    r"before you trust": "data quality notes",
    r"nothing was used": "no usage found",
    # The command line.
    r"\b(?:hold|holds|held) (?:the budgets )?against\b": "check against, compare with",
    r"again to go on|goes on where": "resume",
    r"\ba defect\b|defects? of ours": "internal error",
    r"asks? nobody": "makes no network requests",
    r"(?:never|nothing) doubles|doubles nothing": "safe to retry",
    r"say nothing but|in place of the prices": "only results, overrides",
    r"how many times its size": "maximum decompression ratio",
    r"is no (?:folder|length of time)|there is no such (?:choice|key)": "not a, unknown",
    r"range is inverted|may not see\b": "start after end, not allowed to access",
    r"is not done with|allows no more looks|came to nothing": "still processing, limit, failed",
    # The documentation.
    r"at (?:their|its) word|like is compared with like": "as given, complete days only",
    r"with a pencil|a pencil\b": "by hand",
    r"\bas ever\b|sent in part": "as usual, partially sent",
    r"\bheavy pass\b": "reading, usage engine",
    r"that (?:is|are) none\b": "plain negation",
    r"\basked for\b|\blooked at\b|\bcomes to\b|\banew\b": "requested, checked, is, again",
    # Names in the code.
    r"(?-i:UsageFile|NOBODY|spare_(?:memory|time)|_knock\b)": "SettingsFile, NO_TEAMS, …",
    r"(?-i:\b(?:Asker|Collector|Patience|Outlook|Stretch|Pace)\b)": "ExportRequester …",
    r"\bcost_memory\b|\banalysis\.(?:totals|extras|changes)\b|\bcircleci/exports": "new modules",
}
"""What left, as a regular expression, ignoring case → what to write."""

FOLDERS: Final = ("scripts", "orb", "docs", "dashboards", "tools", "benchmarks", "tests", ".ci")
FILES: Final = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "Makefile", "Dockerfile")
SUFFIXES: Final = {
    *(".py", ".md", ".yml", ".sh", ".json", ".toml", ".j2", ".css", ".js", ".txt", ""),
}

ALLOWED: Final[Mapping[str, str]] = {
    "tests/e2e/test_vocabulary.py": "lists the words",
    "tests/resources/circleci-openapi.json": "CircleCI's own document",
}
"""Files in which such words may stand, with the reason."""


@cache
def patterns() -> Mapping[str, re.Pattern[str]]:
    return {words: re.compile(words, re.IGNORECASE) for words in REPLACED}


def files() -> Iterator[Path]:
    """All text that is written by hand or compared with output, such as golden files."""
    for folder in FOLDERS:
        for file in sorted((ROOT / folder).rglob("*")):
            if file.is_file() and file.suffix in SUFFIXES and "__pycache__" not in file.parts:
                yield file
    yield from (ROOT / name for name in FILES)


def findings(text: str, place: str) -> Iterator[str]:
    """Each replaced word of a text with its line and what to write instead.

    >>> [*findings("the colour\\nof money", "page.css")]
    ["page.css:1: 'colour' (write: …or)"]
    """
    for number, line in enumerate(text.splitlines(), 1):
        for words, pattern in patterns().items():
            if found := pattern.search(line):
                yield f"{place}:{number}: {found[0]!r} (write: {REPLACED[words]})"


def test_replaced_words_are_in_no_file() -> None:
    found: list[str] = []
    for file in files():
        place = str(file.relative_to(ROOT))
        if place not in ALLOWED:
            found += findings(file.read_text(encoding="utf-8"), place)

    assert not found, "\n" + "\n".join(found)


def commands() -> list[tuple[str, ...]]:
    names = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    return [("push", "datadog") if name == "push" else (name,) for name in names]


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_replaced_words_are_in_no_help(command: tuple[str, ...], tmp_path: Path) -> None:
    shown = circleci_usage(*command, "--help", cwd=tmp_path)

    assert [*findings(shown.out, "--help")] == []


def test_allowed_files_exist() -> None:
    assert [name for name in ALLOWED if not (ROOT / name).is_file()] == []
