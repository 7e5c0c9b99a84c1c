"""Which rule owns a project or job, and why."""

from decimal import Decimal

import pytest

from circleci_usage.analysis.explained_ownership import (
    Entry,
    ExplainedOwnership,
    OwnedPart,
    explain_ownership,
)
from circleci_usage.analysis.rule_reasons import Match, Miss
from circleci_usage.core.errors import SettingsError
from circleci_usage.costs.allocation import Ownership
from circleci_usage.costs.pricing import PriceList, price
from circleci_usage.costs.rules import Patterns, Rule
from circleci_usage.costs.shared_costs import SharedCosts
from circleci_usage.costs.splits import Split
from circleci_usage.schema.export_columns import BRANCH_GROUP, NO_NAME
from report_factory import MARCH
from usage_lines import credit_lines

WEB = Rule("web", Patterns(projects=("w*",)))
RELEASE = Rule("release", Patterns(projects=("*",), branches=("main",)))
MACHINES = Rule("machines", Patterns(jobs=("test",), executors=("macos",)))


def explain(
    asked: str,
    *lines: dict[str, str],
    rules: tuple[Rule, ...] = (WEB,),
    shared: SharedCosts | None = None,
    splits: tuple[Split, ...] = (),
) -> ExplainedOwnership:
    credits, places = credit_lines(*lines)
    costs = price(credits, places, PriceList.flat(Decimal("0.5")))
    return explain_ownership(costs, Ownership(rules, shared, splits=splits), asked, MARCH, "USD")


def part(asked: str, *lines: dict[str, str], rules: tuple[Rule, ...]) -> OwnedPart:
    (only,) = explain(asked, *lines, rules=rules).parts
    return only


def test_the_rule_is_named_with_the_patterns_that_match() -> None:
    owned = part("web", {}, {"project": "api"}, rules=(RELEASE, WEB))

    assert (owned.owner, owned.entry) == ("web", Entry("teams", 1))
    assert owned.matches == (Match("projects", "w*", ("web",)),)
    assert owned.misses == (Miss(0, "release", ("branches",)),)
    assert [owned.credits, owned.cost, owned.share] == [1, Decimal("0.5"), 1]


@pytest.mark.parametrize(
    ("rule", "keys"),
    [
        (Rule("a", Patterns(projects=("web",), jobs=("lint",), triggers=("api",))), None),
        (Rule("a", Patterns(projects=("web",)), Patterns(jobs=("t*",))), ("not",)),
        (Rule("a", Patterns(projects=("api",), jobs=("test",))), None),
        (Rule("a", Patterns(projects=("api",))), None),
        (MACHINES, ("executors",)),
    ],
)
def test_entries_that_nearly_match_are_told(rule: Rule, keys: tuple[str, ...] | None) -> None:
    misses = part("web", {}, rules=(rule, WEB)).misses

    lists = ("jobs", "triggers") if keys is None and "web" in rule.patterns.projects else keys
    assert misses == ((Miss(0, rule.value, lists),) if lists else ())


def test_lists_that_never_match_together() -> None:
    rule = Rule("a", Patterns(jobs=("test",), triggers=("api",)))
    lines = [{"job": "test"}, {"job": "lint", "trigger": "api"}]

    assert part("web", *lines, rules=(rule, WEB)).misses == (Miss(0, "a", ()),)


def test_parts_of_a_project_go_to_different_teams_the_most_expensive_first() -> None:
    lines = [{"credits": "1"}, {BRANCH_GROUP: "main", "credits": "3", "job": "deploy"}]

    parts = explain("acme/web", *lines, rules=(RELEASE, WEB)).parts

    assert [(each.owner, each.cost, each.share, each.jobs) for each in parts] == [
        ("release", Decimal("1.5"), Decimal("0.75"), ("deploy",)),
        ("web", Decimal("0.5"), Decimal("0.25"), ("test",)),
    ]


def test_shared_costs_and_splits_come_before_rules() -> None:
    split = Split(Rule("", Patterns(jobs=("t*",))), {"web": Decimal(40), "api": Decimal(60)})
    shared = SharedCosts(credit_types=frozenset({"user"}))
    lines = [{"credits": "1"}, {"credit_type": "user", "credits": "2"}, {"job": "lint"}]

    parts = explain("web", *lines, splits=(split,), shared=shared).parts

    assert [(each.owner, each.entry.section) for each in parts] == [
        ("shared", "shared_costs"),
        ("api", "splits"),
        ("web", "teams"),
    ]
    assert parts[1].among == split.among


def test_what_no_rule_owns() -> None:
    owned = part("api", {"project": "api"}, rules=(RELEASE, WEB))

    assert (owned.owner, owned.entry, owned.matches) == ("unallocated", Entry(""), ())
    assert owned.misses == (Miss(0, "release", ("branches",)),)


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("web", ("acme/web",)),
        ("web/test", ("acme/web/test",)),
        ("acme/web/test", ("acme/web/test",)),
        ("group/app/ci/lint", ("acme/group/app/ci/lint",)),
        ("group/app", ("acme/group/app", "group/app")),
        ("User seats", ("User seats",)),
    ],
)
def test_every_reading_of_a_name_counts(asked: str, names: tuple[str, ...]) -> None:
    lines = [
        {},
        {"project": "group/app", "job": "ci/lint"},
        {"organization": "group", "project": "app"},
        {"project": NO_NAME, "job": NO_NAME, "credit_type": "user"},
    ]

    assert explain(asked, *lines).names == names


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"called 'wep' .*; did you mean web\?$"):
        explain("wep", {})
