from decimal import Decimal

import pytest

from circleci_usage.costs.allocation import (
    NO_TEAMS,
    SHARED,
    UNALLOCATED,
    Ownership,
    allocate,
)
from circleci_usage.costs.rules import Patterns, Rule
from circleci_usage.costs.shared_costs import SharedCosts
from circleci_usage.costs.splits import Split
from circleci_usage.schema.export_columns import BRANCH_GROUP
from usage_lines import credit_lines


def owners(ownership: Ownership, *lines: dict[str, str]) -> list[str]:
    return allocate(credit_lines(*lines)[0], ownership)["team"].tolist()


def owner(rule: Rule, **line: str) -> str:
    return owners(Ownership((rule,)), line)[0]


@pytest.mark.parametrize(
    ("glob", "mine"),
    [
        ("web", True),
        ("w*", True),
        ("acme/web", True),
        ("acme/*", True),
        ("*", True),
        ("acme", False),
        ("WEB", False),
    ],
)
def test_a_project_matches_by_its_name_or_with_its_organization(glob: str, *, mine: bool) -> None:
    assert owner(Rule("a", Patterns(projects=(glob,)))) == ("a" if mine else UNALLOCATED)


def test_all_lists_that_are_given_have_to_match() -> None:
    rule = Rule("a", Patterns(projects=("web", "app"), jobs=("*test*",), branches=("release/*",)))

    assert owner(rule, **{BRANCH_GROUP: "main\nrelease/*"}) == "a"
    assert owner(rule, **{BRANCH_GROUP: "main"}) == UNALLOCATED
    assert owner(rule, **{BRANCH_GROUP: "release/*", "job": "lint"}) == UNALLOCATED
    assert owner(rule, **{BRANCH_GROUP: "release/*", "project": "api"}) == UNALLOCATED


@pytest.mark.parametrize(
    ("key", "column", "glob", "other"),
    [
        ("organizations", "organization", "acm?", "umbrella"),
        ("workflows", "workflow", "bui*", "nightly"),
        ("jobs", "job", "t*", "lint"),
        ("resource_classes", "resource_class", "med*", "large"),
        ("executors", "executor", "docker", "macos"),
        ("triggers", "trigger", "web*", "schedule"),
    ],
)
def test_a_rule_looks_at_any_dimension(key: str, column: str, glob: str, other: str) -> None:
    mine = Rule("a", Patterns(**{key: (glob,)}))
    others = Rule("a", Patterns(projects=("*",)), Patterns(**{key: (glob,)}))

    assert [owner(mine), owner(mine, **{column: other})] == ["a", UNALLOCATED]
    assert [owner(others), owner(others, **{column: other})] == [UNALLOCATED, "a"]


def test_any_exclusion_is_enough() -> None:
    rule = Rule("a", Patterns(projects=("*",)), Patterns(jobs=("lint",), branches=("dev*",)))

    assert owner(rule) == "a"
    assert owner(rule, job="lint") == UNALLOCATED
    assert owner(rule, **{BRANCH_GROUP: "dev*\nmain"}) == UNALLOCATED


def test_what_a_rule_excludes_goes_to_the_next_one() -> None:
    first = Rule("a", Patterns(projects=("web",)), Patterns(jobs=("lint",)))
    second = Rule("b", Patterns(projects=("*",)))

    assert owners(Ownership((first, second)), {}, {"job": "lint"}) == ["a", "b"]


def test_the_first_rule_that_matches_wins() -> None:
    first, second = Rule("a", Patterns(jobs=("t*",))), Rule("b", Patterns(projects=("web",)))
    lines = [
        {"job": "test"},
        {"job": "lint"},
        {"job": "test", "project": "api"},
        {"job": "lint", "project": "api"},
    ]

    assert owners(Ownership((first, second)), *lines) == ["a", "b", "a", UNALLOCATED]
    assert owners(Ownership((second, first)), *lines) == ["b", "b", "a", UNALLOCATED]


def test_a_team_owns_what_any_of_its_rules_matches() -> None:
    ownership = Ownership(
        (Rule("a", Patterns(projects=("web",))), Rule("a", Patterns(jobs=("deploy",))))
    )

    assert owners(ownership, {}, {"project": "api", "job": "deploy"}, {"project": "api"}) == [
        "a",
        "a",
        UNALLOCATED,
    ]
    assert ownership.teams == ("a",)


def test_shared_costs_are_nobodys_own() -> None:
    shared = SharedCosts(credit_types=frozenset({"user"}), projects=("ci-*",))
    ownership = Ownership((Rule("a", Patterns(projects=("*",))),), shared)

    assert owners(ownership, {}, {"credit_type": "user"}, {"project": "ci-tools"}) == [
        "a",
        SHARED,
        SHARED,
    ]


def test_job_runs_are_counted_where_the_rules_put_them() -> None:
    ownership = Ownership((Rule("a", Patterns(projects=("*",))),), SharedCosts(projects=("ci-*",)))
    runs = credit_lines({"project": "ci-tools"})[0].drop(columns=["credit_type", "credits"])

    assert allocate(runs, ownership)["team"].tolist() == ["a"]


def test_without_teams_nothing_is_owned() -> None:
    assert owners(NO_TEAMS, {}, {"project": "api"}) == [UNALLOCATED] * 2


def test_projects_of_one_name_are_told_apart_by_their_organization() -> None:
    ownership = Ownership(
        (
            Rule("a", Patterns(projects=("acme/web",))),
            Rule("b", Patterns(projects=("umbrella/web",))),
        )
    )

    assert owners(ownership, {}, {"organization": "umbrella"}, {"organization": "third"}) == [
        "a",
        "b",
        UNALLOCATED,
    ]


def test_the_heavy_pass_is_told_the_globs_of_branches() -> None:
    rules = (
        Rule("a", Patterns(branches=("release/*", "main"))),
        Rule("b", Patterns(jobs=("x",), branches=("main",))),
    )

    excluding = Rule("c", Patterns(jobs=("x",)), Patterns(branches=("dev",)))
    split = Split(Rule("", Patterns(branches=("hotfix/*",))), {"a": Decimal(100)})

    assert Ownership(rules).branch_globs == ("main", "release/*")
    assert Ownership((excluding,), splits=(split,)).branch_globs == ("dev", "hotfix/*")
