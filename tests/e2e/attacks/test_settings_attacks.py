"""Attacks through flags, variables and the settings file."""

import os
from pathlib import Path
from time import process_time
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attack import TOKEN, attacked
from circleci_usage.config.settings_file import load_settings_file
from circleci_usage.core.errors import SettingsError
from circleci_usage.core.globs import atomic_glob_regex, glob_regex, matcher
from dialects import export, plain_line
from rows import job_run

HOSTILE = "\x1b]0;pwned\x07\x1b[2J\u202e\u200b[red]x[/][/]"
NINES = "9" * 20 + "." + "9" * 18


def laughs(width: int = 9, depth: int = 9) -> str:
    """A list of lists of lists, each level the one before so many times: the famous billion."""
    levels = [
        f"k{level}: &k{level} [{','.join([f'*k{level - 1}'] * width)}]"
        for level in range(1, depth + 1)
    ]
    return "\n".join([f"k0: &k0 [{','.join(['lol'] * width)}]", *levels, f"teams: *k{depth}"])


def teams(settings: str) -> str:
    return f"teams: [{{name: a, jobs: [x]}}, {{name: b, jobs: ['*']}}]\n{settings}"


REFUSED = {
    "a billion laughs": (laughs(), "more than 50,000 values"),
    "a billion laughs in keys of teams": (
        f"teams: [{{name: {{{laughs(9, 7)}",
        "cannot be parsed",
    ),
    "a million laughs in a map": (
        "a: &a {x: 1, y: 2}\n"
        + "\n".join(
            f"a{n}: &a{n} {{x: *a{n - 1 or ''}, y: *a{n - 1 or ''}}}" for n in range(1, 18)
        ),
        "more than 50,000 values",
    ),
    "an alias of itself": ("teams: &a [*a]", "nested more than 20 levels deep"),
    "a map in itself": ("tags: &a {x: *a}", "nested more than 20 levels deep"),
    "lists in lists": ("teams: " + "[" * 10_000 + "]" * 10_000, "nested more than 20 levels deep"),
    "unclosed lists": ("teams: " + "[" * 100_000, "nested more than 20 levels deep"),
    "maps in maps": (
        "tags: " + "{a: " * 3000 + "1" + "}" * 3000,
        "nested more than 20 levels deep",
    ),
    "a staircase": (
        "".join(" " * level + "a:\n" for level in range(300)),
        "nested more than 20 levels deep",
    ),
    "dashes": ("- " * 5000, "nested more than 20 levels deep"),
    "30 levels": ("teams: " + "[" * 30 + "]" * 30, "nested more than 20 levels deep"),
    "a megabyte": ("#" * 1_000_000, "larger than 512 KiB"),
    "60,000 values": ("teams: [" + "a," * 60_000 + "]", "more than 50,000 values"),
    "30,000 mistakes": ("budgets: [" + "a," * 30_000 + "]", "and 29,980 more"),
    "10,000 digits": (f"free_seats: {'9' * 10_000}", "is greater than 1000000"),
    "a day of 10,000 digits": (f"billing_cycle_day: {'9' * 10_000}", "is not a day of a month"),
    "a day of another script": ("billing_cycle_day: \uff13\uff11", "is not a day of a month"),
    "a text of 100,000 letters": (f"currency: {'x' * 100_000}", "it is longer than 200 characters"),
    "a date of 100,000 letters": (
        f"pricing: [{{from: {'x' * 100_000}, price_per_credit: 1}}]",
        "is not a date",
    ),
    "nul": ("currency: \0", "unacceptable character"),
    "a letter beyond Unicode": ('currency: "\\U00110000"', "line 1: a number is too large"),
    "a letter beyond 32 bits": ('a: b\ncurrency: "\\UFFFFFFFF"', "line 2: a number is too large"),
    "a version of 5,000 digits": (
        f"%YAML {'9' * 5000}.1\n---\na: b",
        "line 1: a number is too large",
    ),
    "a merge of a text": ("<<: USD", "expected a mapping"),
    "a merge of an unknown alias": ("<<: *nobody", "found undefined alias"),
    "a merge into itself": ("tags: &a {<<: *a}", "nested more than 20 levels deep"),
    "an escape": ("currency: \x1b[2J", "unacceptable character"),
    "an escaped escape": ('"\\x1b[2Jkey": 1', "\\x1b[2Jkey: unknown key"),
    "letters turned around": ('"\u202ekey": 1', "\\u202ekey: unknown key"),
    "markup": ('"[red]x[/]": 1', "[red]x[/]: unknown key"),
    "half a letter": ('currency: "\\ud800"', "half of a surrogate pair"),
    "a duplicate key": ("currency: USD\ncurrency: EUR", "line 2: duplicate key 'currency'"),
    "a merge of too much": (
        f"a: &a {{{', '.join(f'k{n}: 1' for n in range(999))}}}\nb: [{'{<<: [*a, *a]},' * 30}]",
        "more than 50,000 values",
    ),
    "a Python object": (
        "currency: !!python/object/apply:os.system ['echo pwned']",
        "unknown tag !!python/",
    ),
    "a Python name": ("currency: !!python/name:os.system", "unknown tag !!python/"),
    "a tag": ("currency: !foo USD", "unknown tag !foo; remove it"),
    "bytes": ("currency: !!binary aGk=", "unknown tag !!binary"),
    "a list as a map": ("teams: !!map [a]", "expected keys with values"),
    "a map as a list": ("teams: !!seq {a: b}", "expected a sequence"),
    "a list as a text": ("teams: !!str [a]", "expected a scalar"),
    "a list as null": ("teams: !!null [a]", "expected a scalar"),
    "a list as a key": ("[a]: 1", "a key must be a plain string"),
    "a null key": ("? \n: 1", "a key must be a string"),
    "two documents": ("a: 1\n---\nb: 2", "several YAML documents"),
    "a later YAML": ("%YAML 9.9\n---\na: 1", "incompatible YAML document"),
    "an unknown alias": ("teams: *x", "undefined alias"),
    "a tab": ("teams:\n\t- a", "cannot start any token"),
    "the last days of the calendar": (
        (
            "pricing: [{from: 2026-01-01, to: 9999-12-30, price_per_credit: 1},"
            " {from: 0001-01-01, price_per_credit: 1}]"
        ),
        "both have no `to`|no price for|overlap",
    ),
    "the year 10000": ("pricing: [{from: 10000-01-01, price_per_credit: 1}]", "is not a date"),
    "a fixed split with 50 decimals": (
        teams(
            "shared_costs:"
            f" {{credit_types: [user], split: fixed, weights: {{a: 99.{'9' * 50}, b: 1}}}}"
        ),
        "at most 38 are allowed",
    ),
    "a credit type of 200 letters": (
        f"pricing: [{{from: 2026-01-01, price_per_credit: 1, by_credit_type: {{{'a' * 100}: 1}}}}]",
        "unknown credit type",
    ),
}
"""Content of a settings file → part of the error."""

NUMBERS = {
    "1e999999": "digits",
    "1e-999999": "digits",
    "-1": "is negative|is not greater than 0",
    "NaN": "not a finite number",
    "sNaN": "not a finite number",
    "Infinity": "not a finite number",
    "-Infinity": "not a finite number",
    "0." + "1" * 2000: "digits",
    "1" * 2000: "digits",
    "100000000000000000000": "digits before the decimal point",
    "0x10": "is not a number",
    "[1]": "is not a number",
    "1.2.3": "is not a number",
    "!!float .inf": "unknown tag !!float",
}
"""A text that is not a valid number of a contract → part of the error."""

NUMERIC = {
    "list price": "list_price_per_credit: {}",
    "price": "pricing: [{{from: 2026-01-01, price_per_credit: {}}}]",
    "price of a type": "pricing:"
    " [{{from: 2026-01-01, price_per_credit: 1, by_credit_type: {{user: {}}}}}]",
    "included credits": "included_credits: {{per: month, amount: {}}}",
    "credits of a seat": "seat_credits: {}",
    "budget": "budgets: [{{name: all, per: month, amount: {}}}]",
    "budget of a team": "teams: [{{name: a, jobs: [x], budget: {{per: month, amount: {}}}}}]",
    "rate": "rates: [{{executor: docker, name: medium, credits_per_minute: {}}}]",
    "size": "rates: [{{executor: docker, name: medium, vcpus: {}}}]",
    "anomaly": "anomalies: {{minimum: {}}}",
}
"""Where numbers stand."""

BORNE = {
    "the largest price": "pricing:"
    f" [{{from: 2026-01-01, price_per_credit: {NINES}}}]\nlist_price_per_credit: {NINES}",
    "the smallest price": "list_price_per_credit: 0.000000000000000001",
    "a price below nothing by its sign": "list_price_per_credit: -0",
    "nothing with a large exponent": "list_price_per_credit: 0e999999999",
    "the largest amounts": (
        f"included_credits: {{per: month, amount: {NINES}}}\nanomalies: {{minimum: {NINES}}}\n"
        f"budgets: [{{name: all, per: month, amount: {NINES}}}]\nfree_seats: 1000000\nseat_credits:"
        f" {NINES}\n"
        "rates:"
        f" [{{executor: docker, name: medium, credits_per_minute: {NINES}, vcpus: {NINES},"
        f" ram_gb: {NINES}}}]"
    ),
    "the smallest amounts": (
        "included_credits: {per: month, amount: 1e-18}\nanomalies: {minimum: 1e-18}\n"
        "budgets: [{name: all, per: month, amount: 1e-18},"
        " {name: nothing, per: month, amount: 0}]\n"
        "free_seats: 1\nseat_credits: 1e-18\n"
        "rates:"
        " [{executor: docker, name: medium, credits_per_minute: 1e-18, vcpus: 1e-18,"
        " ram_gb: 1e-18}]"
    ),
    "a share of nearly nothing": teams(
        "shared_costs: {credit_types: [compute], split: fixed,"
        " weights: {a: 99.999999999999999999, b: 0.000000000000000001}}"
    ),
    "the whole calendar": "pricing: [{from: 0001-01-01, to: 9999-12-31, price_per_credit: 1}]",
    "the calendar in two": (
        "pricing: [{from: 0001-01-01, to: 9999-12-30, price_per_credit: 1},"
        " {from: 9999-12-31, to: 9999-12-31, price_per_credit: 1}]"
    ),
    "stars in jobs": f"teams: [{{name: a, jobs: ['{'*a' * 60}b']}}]\njob_groups:"
    f" {{g: ['{'*a' * 60}c']}}",
    "stars in branches": "teams:"
    f" [{{name: a, branches: ['{'*a' * 60}b', '{'?' * 200}', '{'*?' * 90}x']}}]",
    "stars in projects": f"teams: [{{name: a, projects: ['{'*a' * 60}b', '*/{'*a' * 60}b']}}]",
    "1,000 globs": "teams:\n"
    + "".join(
        f" - {{name: t{n}, jobs: ['*a{n}*', '*x{n}*', '?a{n}*', '[ab]{n}*', '*{n}'],"
        f" branches: ['b{n}*c', '*b*{n}', '?{n}*', '[bc]{n}*', '*d{n}']}}\n"
        for n in range(100)
    ),
    "1,000 groups": "job_groups:\n"
    + "".join(f" g{n}: ['*a{n}*', 'job-{n}']\n" for n in range(1000)),
    "a mark before it": "\ufeffcurrency: USD",
    "aliases of use": "teams: [{name: a, jobs: &j [x, y]}, {name: b, branches: *j}]",
}
"""What a report has to bear."""


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rows with names that globs with many stars are slow on."""
    long = {"JOB_NAME": "a" * 9000, "VCS_BRANCH": "a" * 9000, "PROJECT_NAME": "a" * 9000}
    rows = [
        job_run(**long),
        job_run(),
        *(job_run(JOB_NAME=f"job-{n}", VCS_BRANCH=f"b{n}") for n in range(300)),
    ]
    file = tmp_path_factory.mktemp("exported") / "part.csv"
    file.write_text(export(map(plain_line, rows)))
    return file


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED)
def test_a_hostile_settings_file_is_refused_soon(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "usage.yml"
    file.write_text(text, encoding="utf-8")
    begin = process_time()

    with pytest.raises(SettingsError, match=_words(message)) as caught:
        load_settings_file(file)

    assert process_time() - begin < 10
    assert len(str(caught.value)) < 10_000
    assert max(map(len, str(caught.value).splitlines())) < 1000


@pytest.mark.parametrize(
    "name", ["a billion laughs", "maps in maps", "an escaped escape", "30,000 mistakes"]
)
def test_the_commands_say_so(name: str, tmp_path: Path) -> None:
    text, message = REFUSED[name]
    (tmp_path / "usage.yml").write_text(text, encoding="utf-8")
    for command in ("report", "check"):
        assert (
            message
            in attacked(command, "--config", "usage.yml", cwd=tmp_path, codes={2}, within=30).err
        )


@pytest.mark.parametrize("setting", NUMERIC.values(), ids=NUMERIC)
@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: number[:12])
def test_no_number_of_a_contract(setting: str, number: str, tmp_path: Path) -> None:
    (tmp_path / "usage.yml").write_text(setting.format(number))

    with pytest.raises(SettingsError, match=_words(NUMBERS[number])):
        load_settings_file(tmp_path / "usage.yml")


@pytest.mark.parametrize("text", BORNE.values(), ids=BORNE)
def test_a_report_bears_settings_at_their_ends(text: str, exported: Path, tmp_path: Path) -> None:
    (tmp_path / "usage.yml").write_text(text, encoding="utf-8")
    command = (
        "report",
        exported,
        "--config",
        "usage.yml",
        "--output",
        "out",
        "--no-merged",
        "--allow-unpriced",
    )

    attacked(*command, cwd=tmp_path, codes={0}, within=120)
    attacked(
        "check", "--config", "usage.yml", "--output", "out", cwd=tmp_path, codes={0, 2, 10, 11}
    )


class Called(NamedTuple):
    """A command, its variables, and how it ends."""

    arguments: tuple[str, ...]
    variables: dict[str, str]
    codes: frozenset[int]


def refused(*arguments: str, **variables: str) -> Called:
    return Called(arguments, variables, frozenset({2}))


def borne(*arguments: str, **variables: str) -> Called:
    return Called(arguments, variables, frozenset({0}))


CALLED = {
    "the whole calendar": borne("report", "part.csv", "--from", "0001-01-01", "--to", "9999-12-31"),
    "the last day": refused("report", "part.csv", "--from", "9999-12-31"),
    "the first day": refused("report", "part.csv", "--to", "0001-01-01"),
    "the first day of a store": borne("status", START_DATE="0001-01-01"),
    "the last day of a store": borne("status", START_DATE="0001-01-01", END_DATE="9999-12-31"),
    "only the last day of a store": refused(
        "status", START_DATE="9999-12-30", END_DATE="9999-12-31"
    ),
    "a moment before the first": refused("status", START_DATE="0001-01-01T00:00:00+14:00"),
    "a moment after the last": refused("status", START_DATE="9999-12-31T23:59:59-12:00"),
    "a time zone out of range": refused("status", START_DATE="2026-01-01T00:00:00+99:99"),
    "a date of 100,000 letters": refused("status", START_DATE="x" * 100_000),
    "a billion days": refused("status", PERIOD="last-999999999-days"),
    "999 days": borne("status", PERIOD="last-999-days"),
    "no days": refused("status", PERIOD="last-0-days"),
    "a period of 100,000 letters": refused("status", PERIOD="x" * 100_000),
    "an endless price": refused("report", "part.csv", PRICE_PER_CREDIT="1e999999"),
    "a price of 2,000 decimals": refused("report", "part.csv", PRICE_PER_CREDIT="0." + "1" * 2000),
    "a price of 90,000 digits": refused("report", "part.csv", PRICE_PER_CREDIT="9" * 90_000),
    "a price that is no number": refused("report", "part.csv", PRICE_PER_CREDIT="NaN"),
    "a price that signals": refused("report", "part.csv", PRICE_PER_CREDIT="sNaN"),
    "a price without end": refused("report", "part.csv", PRICE_PER_CREDIT="Infinity"),
    "a price of nearly nothing": refused("report", "part.csv", PRICE_PER_CREDIT="1e-999999"),
    "a price of nothing": borne("report", "part.csv", PRICE_PER_CREDIT="-0"),
    "the largest price": borne("report", "part.csv", PRICE_PER_CREDIT=NINES),
    "a price with an underline": refused("report", "part.csv", PRICE_PER_CREDIT="1_0"),
    "a price of another script": refused("report", "part.csv", PRICE_PER_CREDIT="\u0660.\u0665"),
    "the price of a check": refused("check", PRICE_PER_CREDIT="1e999999"),
    "an endless wait": refused("run", ORG_ID="acme", MAX_WAIT="9" * 5000 + "h"),
    "a long wait": refused("run", ORG_ID="acme", MAX_WAIT="999999999999h"),
    "a seed of 5,000 digits": refused("demo", "--seed", "9" * 5000),
    "a ratio of 5,000 digits": refused("export", MAX_RATIO="9" * 5000),
    "settings without end": refused(
        "report", "part.csv", "--config", os.devnull.replace("null", "zero")
    ),
    "settings that are a folder": refused("report", "part.csv", "--config", "."),
    "hostile settings": refused("report", "part.csv", USAGE_CONFIG=HOSTILE),
    "a hostile file": refused("report", HOSTILE),
    "a hostile flag": refused("report", f"--{HOSTILE}"),
    "a hostile flag of a store": refused("status", f"--{HOSTILE}=1"),
    "a hostile command": refused(HOSTILE),
    "a hostile command of push": refused("push", HOSTILE),
    "a hostile argument too many": refused("status", HOSTILE),
    "a hostile engine": refused("report", "--engine", HOSTILE),
    "a hostile number": refused("export", "--poll-seconds", HOSTILE),
    "a hostile number in a variable": refused("export", MAX_STORE_SIZE=HOSTILE),
    "a hostile choice in a variable": refused("report", "part.csv", MERGE_USAGE_REPORTS=HOSTILE),
    "a hostile version": refused("report", "part.csv", "--focus-version", HOSTILE),
    "a hostile detail in a variable": refused("report", "part.csv", FOCUS_DETAIL=HOSTILE),
    "a hostile tool": refused("report", "part.csv", "--export-for", HOSTILE),
    "a hostile dashboard": refused("datadog-dashboard", HOSTILE),
    "a hostile tag": refused("push", "datadog", "--tags", HOSTILE, DATADOG_API_KEY="k"),
    "a hostile day": refused("status", START_DATE=HOSTILE),
    "a hostile period": refused("status", PERIOD=HOSTILE),
    "a hostile price": refused("report", "part.csv", PRICE_PER_CREDIT=HOSTILE),
    "a hostile store": borne("status", "--store", HOSTILE),
    "hostile variables beside --help": borne(
        "run", "--help", START_DATE=HOSTILE, PERIOD=HOSTILE, ORG_ID=HOSTILE
    ),
    "another backend to draw": borne("report", "part.csv", MPLBACKEND="nonsense"),
    "an engine that is not there": borne(
        "report", "part.csv", POLARS_ENGINE_AFFINITY="gpu", POLARS_MAX_THREADS="0"
    ),
    "a terminal without a number": borne("--help", TERMINAL_WIDTH="abc", COLUMNS="0"),
    "a terminal of a kilometer": refused("nope", COLUMNS="1000000000"),
    "a completion of nothing": refused("nope", _CIRCLECI_USAGE_COMPLETE="complete_bash"),
    "a completion of no shell": refused("nope", _CIRCLECI_USAGE_COMPLETE="foo"),
    "a hostile folder": borne("report", "part.csv", OUTPUT_DIR=HOSTILE.replace("/", "")),
}
"""Command → how it ends; none may print escape sequences."""


@pytest.mark.parametrize("called", CALLED.values(), ids=CALLED)
def test_flags_and_variables(called: Called, tmp_path: Path) -> None:
    (tmp_path / "part.csv").write_text(export([plain_line(job_run())]))

    outcome = attacked(
        *called.arguments,
        cwd=tmp_path,
        env={"CIRCLECI_API_TOKEN": TOKEN} | called.variables,
        codes=called.codes,
    )

    assert len(outcome.said) < 20_000


DRAWING = {
    "letters set by LaTeX": (b"text.usetex: True", {0}),
    "no backend": (b"backend: nonsense", {0}),
    "effects": (b"path.effects: x\nfont.size: 4000", {0}),
    "no text": (b"\xff\xfe\x00", {2}),
}
"""A `matplotlibrc` in the checkout → how a report ends."""


@pytest.mark.parametrize("name", DRAWING)
def test_a_report_ignores_settings_of_matplotlib(name: str, exported: Path, tmp_path: Path) -> None:
    content, codes = DRAWING[name]
    (tmp_path / "matplotlibrc").write_bytes(content)
    (tmp_path / "latex").symlink_to("/bin/false")

    outcome = attacked(
        "report",
        exported,
        cwd=tmp_path,
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        codes=codes,
    )

    assert outcome.code == 0 or "matplotlibrc" in outcome.err


GLOBS = st.text(alphabet="ab*?.\\[\n", max_size=12)
NAMES = st.text(alphabet="ab.\\[\n*", max_size=20)


def by_hand(glob: str, name: str) -> bool:
    """Whether a glob matches, as its definition says."""
    places = {0}
    for each in glob:
        if each == "*":
            places = set(range(min(places, default=len(name) + 1), len(name) + 1))
        else:
            places = {
                place + 1 for place in places if place < len(name) and each in ("?", name[place])
            }
    return len(name) in places


@given(st.lists(GLOBS, max_size=4), NAMES)
def test_globs_match_literally(globs: list[str], name: str) -> None:
    assert matcher(globs)(name) == any(by_hand(glob, name) for glob in globs)


@given(GLOBS)
def test_both_kinds_of_engines_are_asked_the_same(glob: str) -> None:
    assert ("(?>" in atomic_glob_regex(glob)) == (glob_regex(glob).count(".*") > 1)


@pytest.mark.parametrize(
    "glob", ["*a" * 60 + "b", "*" * 100 + "b", "*?" * 60 + "b", "a*" * 60 + "?b", "*ab*" * 40 + "c"]
)
def test_no_glob_is_slow_on_any_name(glob: str) -> None:
    begin = process_time()
    matches = matcher([glob, f"x{glob}"])
    for name in ("a" * 10_000, "ab" * 5_000 + "a", "b" + "a" * 9_999):
        assert not matches(name)
    assert process_time() - begin < 2


def _words(message: str) -> str:
    """A message as a pattern; `|` parts alternatives."""
    special = str.maketrans({each: f"\\{each}" for each in "\\.[](){}*+?^$"})
    return message.translate(special)
