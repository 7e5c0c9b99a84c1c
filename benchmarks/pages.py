"""Results as Markdown: all of them for docs/performance.md, five numbers for the README."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from benchmarks.container import BACKFILL
from benchmarks.incremental import DAY
from benchmarks.results import UNIT, Measured, Section
from benchmarks.suite import COLD, KEPT, SMALL

BEGIN, END = "<!-- benchmark -->\n", "<!-- end of benchmark -->\n"

TITLES: Final = {
    "reports": "A month of a large organization",
    "quick": "A million job runs, and small reports",
    "one more day": "One more day",
    "growth": "From one to twenty million job runs",
    "pandas": "A simple script with pandas",
    "arriving": "While parts arrive",
    "container": "13 months in 2 GB and one CPU",
    "explorer": "The explorer",
    "warehouse": "A warehouse",
}
"""The sections, in the order of the page, and their headings."""

_NOTES: Final = {
    "quick": "What `make bench-check` measures again.",
    "one more day": "Each month is one file; × is relative to a report when nothing has changed.",
    "container": "podman with `--memory 2g --cpus 1`; `run` exports from a CircleCI on loopback.",
}

_ASKED: Final = (
    ("A month of 4.3 million job runs, read for the first time", "reports", COLD),
    ("The same again, for example with other prices", "reports", KEPT),
    ("One more day, when 13 months with 2 million job runs are known", "one more day", DAY),
    ("1,000 job runs", "quick", SMALL),
    (
        "13 months of 4.3 million job runs, exported in a 2 GB, 1 CPU container",
        "container",
        BACKFILL,
    ),
)
"""What a user asks for, the section that has it, and the name of its first line there."""


def performance(sections: Mapping[str, Section]) -> str:
    """All sections, each with its date and machine."""
    lines = [f"× is relative to `{UNIT}` of the same files, unless a section says otherwise.", ""]
    for name, title in TITLES.items():
        if name in sections:
            body = _growth if name == "growth" else _body
            lines += [f"### {title}", "", *_noted(name), *body(sections[name]), ""]
            lines += [_measured_on(sections[name]), ""]
    return "\n".join(lines[:-1]) + "\n"


def readme(sections: Mapping[str, Section]) -> str:
    """The numbers that a user asks for; – where nothing is measured."""
    lines = ["| report on | time | peak memory |", "| --- | ---: | ---: |"]
    dates: set[str] = set()
    for asked, name, command in _ASKED:
        found = _first(sections.get(name), command)
        if found:
            dates.add(sections[name].date)
        cells = (seconds(found.wall), _megabytes(found.peak)) if found else ("–", "–")
        lines.append(f"| {asked} | {' | '.join(cells)} |")
    measured = f"Two cores, without `merged.csv.gz`, measured {_span(dates)}."
    return "\n".join([*lines, "", measured]) + "\n"


def write(text: str, page: Path) -> None:
    """Replace what is between the markers of a page.

    Raises:
        ValueError: the page has no markers.
    """
    before, begin, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page} has no {BEGIN.strip()} … {END.strip()}")
    page.write_text(f"{before}{begin}{text}{end}{after}", encoding="utf-8")


def seconds(value: float) -> str:
    """A duration: minutes from ten of them, hundredths below a second.

    Example:
        0.146 → `0.15 s`; 9.62 → `9.6 s`; 754 → `13 min`
    """
    if value >= 600:
        return f"{value / 60:,.0f} min"
    return f"{value:.2f} s" if value < 1 else f"{value:.1f} s"


def _noted(name: str) -> Sequence[str]:
    return (_NOTES[name], "") if name in _NOTES else ()


def _body(section: Section) -> Iterator[str]:
    if section.measured:
        yield from _table(section.measured)
    if section.measured and section.printed:
        yield ""
    if section.printed:
        yield from ("```", *section.printed, "```")


def _table(measured: Sequence[Measured]) -> Iterator[str]:
    """A line per command, three columns per data set."""
    data = list(dict.fromkeys(each.data for each in measured))
    names = list(dict.fromkeys(each.name for each in measured))
    by_key = {each.key: each for each in measured}
    head = (f"{each} | CPU | memory" for each in data)
    yield f"| | {' | '.join(head)} |"
    yield f"| --- |{' ---: |' * (3 * len(data))}"
    for name in names:
        cells = (_cells(by_key.get((name, each))) for each in data)
        yield f"| {name} | {' | '.join(cells)} |"


def _growth(section: Section) -> Iterator[str]:
    """A line per data set: what a million job runs take, and the memory of all."""
    yield "| | time | a million job runs | memory |"
    yield "| --- | ---: | ---: | ---: |"
    for each in section.measured:
        if each.name != UNIT:
            millions = float(each.data.split()[0])
            time = f"{seconds(each.wall)} ({each.wall_ratio:.2f} ×)"
            share = seconds(each.wall / millions)
            yield f"| {each.data} | {time} | {share} | {_megabytes(each.peak)} |"


def _cells(measured: Measured | None) -> str:
    if measured is None:
        return "– | – | –"
    wall = f"{seconds(measured.wall)} ({measured.wall_ratio:.2f} ×)"
    return f"{wall} | {seconds(measured.cpu)} | {_megabytes(measured.peak)}"


def _megabytes(value: float) -> str:
    return f"{value:,.0f} MB"


def _measured_on(section: Section) -> str:
    medians = f"Medians of {section.runs} runs" if section.runs > 1 else "One run"
    return f"{medians}, {section.date}, {section.machine}."


def _first(section: Section | None, name: str) -> Measured | None:
    measured = section.measured if section else ()
    return next((each for each in measured if each.name == name), None)


def _span(dates: Collection[str]) -> str:
    if not dates:
        return "–"
    first, last = min(dates), max(dates)
    return first if first == last else f"{first} to {last}"
