"""Teams that are proposed from the names of projects."""

from collections.abc import Sequence
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from circleci_usage.analysis.team_proposals import (
    MOST_TEAMS,
    ProposedTeams,
    SeenProject,
    propose_teams,
)
from circleci_usage.config.rule_sections import TeamSection
from circleci_usage.costs.allocation import UNALLOCATED, Ownership, allocate
from circleci_usage.costs.rules import Patterns, Rule
from circleci_usage.schema.export_columns import NO_NAME
from proposed import project


def owners(proposed: ProposedTeams, projects: Sequence[SeenProject]) -> list[str]:
    """The owner of each project, as a report would have it."""
    rules = tuple(Rule(team.name, Patterns(projects=team.globs)) for team in proposed.teams)
    frame = pd.DataFrame(
        {
            "organization": pd.Categorical([each.organization for each in projects]),
            "project": pd.Categorical([each.name for each in projects]),
            "job": pd.Categorical(["test"] * len(projects)),
        }
    )
    found: list[str] = allocate(frame, Ownership(rules))["team"].tolist()
    return found


def globs(*projects: SeenProject) -> dict[str, tuple[str, ...]]:
    return {team.name: team.globs for team in propose_teams(projects).teams}


def test_projects_with_the_same_first_word_are_a_team_the_most_credits_first() -> None:
    proposed = propose_teams(
        [
            project("pay-api", 10),
            project("website", 9),
            project("ml_train", 7),
            project("ml_serve", 6),
            project("pay-web", 1),
        ]
    )

    assert [(team.name, team.globs, team.credits) for team in proposed.teams] == [
        ("ml", ("ml_*",), Decimal(13)),
        ("pay", ("pay-*",), Decimal(11)),
    ]
    assert [each.name for each in proposed.unallocated] == ["website"]


def test_a_word_of_one_project_is_no_team() -> None:
    assert globs(project("pay-api"), project("web"), project("docs-site")) == {}


def test_a_project_of_the_words_own_name_belongs_to_the_team() -> None:
    assert globs(project("pay"), project("pay-api"), project("payroll")) == {
        "pay": ("pay", "pay-*")
    }


def test_the_same_word_with_another_separator_or_case_is_the_same_team() -> None:
    found = globs(project("pay-api", 2), project("pay.web"), project("Pay_Ledger"))

    assert found == {"pay": ("Pay_*", "pay-*", "pay.*")}


def test_a_first_word_that_nearly_all_projects_have_says_nothing() -> None:
    names = ["acme-pay-api", "acme-pay-web", "acme-ios-app", "acme-ios-kit", "acme-docs"]

    assert globs(*map(project, names)) == {
        "acme-ios": ("acme-ios-*",),
        "acme-pay": ("acme-pay-*",),
    }


def test_the_common_word_may_be_that_of_one_organization_of_several() -> None:
    names = ["acme-pay-api", "acme-pay-web", "acme-ios-app", "acme-ios-kit"]
    others = [project(f"labs-{name}", organization="labs") for name in "abcde"]

    assert {*globs(*map(project, names), *others)} == {"acme-ios", "acme-pay", "labs"}


def test_a_team_that_is_most_of_an_organization_stays_one() -> None:
    names = ["pay-api", "pay-web", "pay-ledger", "pay-fx", "docs"]

    assert globs(*map(project, names)) == {"pay": ("pay-*",)}


def test_a_team_may_have_projects_of_several_organizations() -> None:
    proposed = propose_teams([project("pay-api"), project("pay-web", organization="labs")])

    [team] = proposed.teams
    assert (team.globs, len(team.projects)) == (("pay-*",), 2)


def test_one_name_in_two_organizations_is_no_team() -> None:
    assert globs(project("web"), project("web", organization="labs")) == {}


def test_an_organization_whose_name_begins_like_a_team_is_not_swallowed() -> None:
    """A glob matches `organization/project`, too: `web-*` is all of `web-agency`."""
    projects = [
        project("web-shop"),
        project("web-blog"),
        project("billing", organization="web-agency"),
        project(NO_NAME, organization="web-agency"),
    ]

    assert globs(*projects) == {"web": ("acme/web-*",)}
    assert owners(propose_teams(projects), projects) == ["web", "web", UNALLOCATED, UNALLOCATED]


@pytest.mark.parametrize("reserved", ["shared", "unallocated"])
def test_reserved_names_of_teams_are_avoided(reserved: str) -> None:
    [name] = globs(project(f"{reserved}-a"), project(f"{reserved}-b"))

    assert TeamSection(name=name, projects=("x",)).name == f"{reserved}-team"


@pytest.mark.parametrize("word", ["p*y", "p?y", "\n", "\u202epay", "*", "", " pay", "x" * 61])
def test_words_that_cannot_be_a_name_are_no_team(word: str) -> None:
    assert globs(project(f"{word}-a"), project(f"{word}-b")) == {}


def test_charges_without_a_project_belong_to_no_team() -> None:
    proposed = propose_teams([project(NO_NAME, 5), project(NO_NAME, 5, organization="labs")])

    assert proposed == ProposedTeams()


def test_of_many_groups_the_largest_are_proposed() -> None:
    groups = MOST_TEAMS + 3
    projects = [project(f"t{n}-{part}", 100 - n) for n in range(groups) for part in "ab"]

    proposed = propose_teams(projects)

    assert len(proposed.teams) == MOST_TEAMS
    assert (proposed.left_out, len(proposed.unallocated)) == (3, 6)
    assert proposed.teams[0].name == "t0"


def test_a_group_that_costs_next_to_nothing_is_no_team() -> None:
    small = [project(f"gl-{part}", credits=9) for part in "ab"]

    assert propose_teams([project("whale", credits=2_000), *small]).teams == ()
    assert len(propose_teams([project("whale", credits=1_000), *small]).teams) == 1


def test_a_hundred_thousand_projects_take_no_minute() -> None:
    projects = [project(f"acme-t{n}-{part}") for n in range(50_000) for part in "ab"]

    proposed = propose_teams(projects)

    assert (len(proposed.teams), proposed.left_out) == (MOST_TEAMS, 50_000 - MOST_TEAMS)


def test_names_of_very_many_words_are_no_problem() -> None:
    names = ["a-" * 4_999 + end for end in "abcd"]

    assert globs(*map(project, names)) == {"a": ("a-*",)}


NAMES = st.one_of(
    st.from_regex(r"(pay|web|acme|a)([-_./ :](pay|web|api|\*|\?)){0,3}", fullmatch=True),
    st.text(st.sampled_from("aA-_/.*?[]{}#\"'\\: \n\u202e\u00e4"), min_size=1, max_size=12),
    st.text(min_size=1, max_size=12),
    st.just(NO_NAME),
)
PROJECTS = st.lists(
    st.builds(SeenProject, NAMES, NAMES, st.decimals(0, 1000, places=1)),
    max_size=30,
    unique_by=lambda each: (each.organization, each.name),
)


@given(PROJECTS)
def test_whatever_projects_are_called_each_team_owns_exactly_its_own(
    projects: list[SeenProject],
) -> None:
    proposed = propose_teams(projects)

    expected = dict.fromkeys(projects, UNALLOCATED)
    for team in proposed.teams:
        expected |= dict.fromkeys(team.projects, team.name)
    assert dict(zip(projects, owners(proposed, projects), strict=True)) == expected
    assert len({team.name for team in proposed.teams}) == len(proposed.teams)
    named = [each for each in projects if each.has_name]
    assert len(proposed.unallocated) == sum(expected[each] == UNALLOCATED for each in named)
