"""Questions as they are written: filters, and the address of the explorer's page."""

from datetime import date
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circleci_usage.core.errors import SettingsError
from circleci_usage.core.globs import escaped, escaped_matcher
from circleci_usage.core.periods import Period
from circleci_usage.explore.question import (
    Filter,
    Question,
    parse_by,
    parse_filter,
    split_patterns,
)
from circleci_usage.explore.words import Granularity, Metric

OCTOBER = Period.of_days(date(2026, 10, 1), date(2026, 10, 31))
DAYS = "from=2026-10-01&to=2026-10-31"
CHOICES = (
    "organization, project, team, credit_type, workflow, job, operating_system, executor,"
    " resource_class, branch, status, trigger"
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("project=web", Filter("project", ("web",))),
        ("project=web-*,api", Filter("project", ("web-*", "api"))),
        ("status!=failed", Filter("status", ("failed",), excludes=True)),
        (r"job=a\,b,c", Filter("job", (r"a\,b", "c"))),
        (r"job=c:\\", Filter("job", (r"c:\\",))),
        ("job=key=value", Filter("job", ("key=value",))),
        ("job=!odd", Filter("job", ("!odd",))),
        ("job= test", Filter("job", (" test",))),
        ("job=ends\\", Filter("job", ("ends\\",))),
    ],
)
def test_a_filter_is_a_dimension_and_its_values(text: str, expected: Filter) -> None:
    parsed = parse_filter(text)

    assert parsed == expected
    assert str(parsed) == text


UNKNOWN = f"unknown dimension; choose from {CHOICES}."
MISTAKES = {
    "web": "not a filter; write DIMENSION=VALUE or DIMENSION!=VALUE, such as 'project=web-*'.",
    "=web": "not a filter; write DIMENSION=VALUE or DIMENSION!=VALUE, such as 'project=web-*'.",
    "project:web": "not a filter; write DIMENSION=VALUE or DIMENSION!=VALUE, such as"
    " 'project=web-*'.",
    "projct=web": f"unknown dimension; did you mean project? Choose from {CHOICES}.",
    "resource-class=small": (
        f"unknown dimension; did you mean resource_class? Choose from {CHOICES}."
    ),
    "os=linux": f"unknown dimension; did you mean operating_system? Choose from {CHOICES}.",
    "color=red": UNKNOWN,
    "month=2026-10": (
        "month is not a dimension; use --granularity day, week or month, and --from and --to for"
        " some days."
    ),
    "project=": "a value is empty; write one after each = and comma, or omit the filter. Is a"
    " variable in it unset?",
    "project=web,,api": "a value is empty; write one after each = and comma, or omit the filter."
    " Is a variable in it unset?",
}


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_in_a_filter(text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_filter(text)

    assert str(caught.value) == f"--where {text}: {MISTAKES[text]}"


def test_groups_are_separated_by_commas_or_repeated() -> None:
    assert parse_by(["team,project", "team", "job"]) == ("team", "project", "job")
    assert parse_by([""]) == ()
    with pytest.raises(SettingsError, match=r"^--by teem: unknown dimension; did you mean team\?"):
        parse_by(["teem"])
    with pytest.raises(SettingsError, match=r"^--by week: week is not a dimension; use --granul"):
        parse_by(["week"])


names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
odd_names = st.text(st.sampled_from("ab\\*?,!=&%#"), min_size=1, max_size=8)


@given(st.lists(names | odd_names, min_size=1, max_size=4))
def test_every_name_has_a_pattern_of_its_own(texts: list[str]) -> None:
    patterns = split_patterns(",".join(map(escaped, texts)))

    assert patterns == tuple(map(escaped, texts))
    for pattern, text in zip(patterns, texts, strict=True):
        assert escaped_matcher([pattern])(text)
        assert not escaped_matcher([pattern])(f"{text}x")


@given(st.lists(names | odd_names, min_size=1, max_size=4))
def test_an_address_says_each_name(texts: list[str]) -> None:
    where = (Filter("job", tuple(map(escaped, texts)), excludes=True),)

    address = Question(where=where, period=OCTOBER).address()

    jobs, *days = address.split("&")
    key, _, values = jobs.partition("=")
    assert "&".join(days) == DAYS
    assert key == "job!"
    assert not set('#&+ "<>^`{|}').intersection(values)
    assert split_patterns(unquote(values)) == where[0].patterns


@pytest.mark.parametrize(
    ("question", "address"),
    [
        (Question(period=OCTOBER), DAYS),
        (Question(by=(), period=OCTOBER), f"by=&{DAYS}"),
        (Question(by=("team", "job", "status"), period=OCTOBER), f"by=team,job&{DAYS}"),
        (Question(period=OCTOBER, granularity=Granularity.DAY), DAYS),
        (
            Question(
                period=OCTOBER, granularity=Granularity.WEEK, metric=Metric.RUN_MINUTES, top=5
            ),
            f"{DAYS}&granularity=week&metric=run_minutes&top=5",
        ),
        (
            Question(
                where=(
                    parse_filter("branch=release/*, main"),
                    parse_filter("status!=failed"),
                    parse_filter("project=acme/web (old)"),
                ),
                period=OCTOBER,
            ),
            f"branch=release/*,%20main&status!=failed&project=acme/web%20(old)&{DAYS}",
        ),
    ],
)
def test_the_address_leaves_defaults_out_but_the_days(question: Question, address: str) -> None:
    assert question.address() == address
