import re
from pathlib import Path

import pytest

from report_factory import report_from_settings
from rows import job_run

LONG_AGO = "{from: 2025-01-01, to: 2025-12-31, price_per_credit: 15}"


def warnings(folder: Path, settings: str) -> tuple[str, ...]:
    rows = [
        job_run(VCS_BRANCH="main", JOB_RUN_DATE=f"2026-03-{day:02}", JOB_ID=f"{day}")
        for day in (1, 31)
    ]
    return report_from_settings(folder, rows, settings).warnings


@pytest.mark.parametrize(
    "owned",
    [
        'projects: ["Web"]',
        'projects: ["web-*"]',
        'projects: ["labs/web"]',
        'jobs: ["tests"]',
        'branches: ["master"]',
        'projects: ["web"], jobs: ["test*s"]',
    ],
)
def test_a_glob_that_matches_nothing_gets_a_warning(tmp_path: Path, owned: str) -> None:
    (warning,) = warnings(tmp_path, f"teams: [{{name: shop, {owned}}}]")

    glob, key = owned.split('"')[-2], re.findall(r"(\w+):", owned)[-1]
    assert (
        warning
        == f"The pattern {glob} of the team shop ({key}) matches nothing in the data; check its"
        " spelling (case counts)."
    )


def test_globs_that_match_get_no_warning(tmp_path: Path) -> None:
    settings = """\
teams:
  - {name: shop, projects: ["w?b", "acme/*"], jobs: ["test"], branches: ["ma*"]}
  - {name: late, projects: ["*"]}
shared_costs: {projects: ["web"]}
"""
    assert warnings(tmp_path, settings) == ()


def test_a_glob_of_shared_costs_that_matches_nothing_gets_a_warning(tmp_path: Path) -> None:
    settings = 'teams: [{name: shop, projects: ["web"]}]\nshared_costs: {projects: ["tools"]}'

    assert warnings(tmp_path, settings)[0].startswith(
        "The pattern tools of shared_costs (projects) matches nothing"
    )


def test_every_list_exclusion_and_split_is_looked_at(tmp_path: Path) -> None:
    settings = """\
teams:
  - name: shop
    projects: [web]
    organizations: [acne]
    workflows: [biuld]
    resource_classes: [lagre]
    executors: [dokcer]
    not: {triggers: [shedule]}
splits: [{projects: [mono], among: {shop: 100}}]
tags: {product: [{value: checkout, projects: [chekout]}]}
"""
    found = warnings(tmp_path, settings)

    assert [warning.split(" matches")[0] for warning in found[:5]] == [
        "The pattern acne of the team shop (organizations)",
        "The pattern biuld of the team shop (workflows)",
        "The pattern lagre of the team shop (resource_classes)",
        "The pattern dokcer of the team shop (executors)",
        "The pattern shedule of the team shop (not: triggers)",
    ]
    assert found[5] == "2 more patterns of teams match nothing in the data."


def test_an_entry_that_never_wins_gets_a_warning(tmp_path: Path) -> None:
    settings = """\
teams:
  - {name: all, projects: ["w*"]}
  - {name: shop, projects: [web]}
"""
    (warning,) = warnings(tmp_path, settings)

    assert (
        warning
        == "teams[1] in the settings file (shop) owns nothing: earlier entries, of all, match the"
        " same job runs; put it before them."
    )


def test_an_entry_that_its_own_team_makes_redundant_gets_no_warning(tmp_path: Path) -> None:
    assert not warnings(
        tmp_path, "teams: [{name: a, projects: ['w*']}, {name: a, projects: [web]}]"
    )


def test_an_entry_for_what_is_split_gets_no_warning(tmp_path: Path) -> None:
    settings = """\
teams: [{name: a, projects: [web]}, {name: b, projects: [w*]}]
splits: [{projects: [web], among: {a: 50, b: 50}}]
"""
    assert not warnings(tmp_path, settings)


def test_a_default_branch_that_no_branch_matches_gets_a_warning(tmp_path: Path) -> None:
    (warning,) = warnings(tmp_path, "default_branches: [Main, 'ma*', trunk]")

    assert (
        warning == "The glob Main of default_branches matches no branch in the data; check its"
        " spelling (case counts)."
    )


def test_many_default_branches_that_no_branch_matches_are_counted(tmp_path: Path) -> None:
    found = warnings(tmp_path, "default_branches: [a, b, c, d, e, f, g]")

    assert found[5:] == ("2 more globs of default_branches match no branch in the data.",)


def test_many_globs_that_match_nothing_are_counted(tmp_path: Path) -> None:
    found = warnings(tmp_path, "teams: [{name: shop, projects: [a, b, c, d, e, f, g]}]")

    assert len(found) == 6
    assert found[-1] == "2 more patterns of teams match nothing in the data."


@pytest.mark.parametrize(
    ("settings", "warning"),
    [
        (
            "pricing: [{from: 2026-01-01, price_per_credit: 15}]",
            "is 25,000 times the list price of 0.0006 USD; it may be",
        ),
        (
            "pricing: [{from: 2026-01-01, price_per_credit: 15}]",
            "it may be the price of 25,000 credits",
        ),
        (
            "pricing: [{from: 2026-01-01, price_per_credit: 0.6}]",
            "it may be the price of 1,000 credits",
        ),
        (
            "pricing: [{from: 2026-01-01, price_per_credit: 0.0061}]",
            "of a credit from 2026-01-01 on, 0.0061 USD, is 10",
        ),
        (
            "pricing: [{from: 2026-01-01, price_per_credit: 0.000059}]",
            "is less than a tenth of the list price",
        ),
        (
            "list_price_per_credit: 15",
            "The list price in the settings file, 15 USD, is 25,000 times",
        ),
        (
            "currency: EUR\npricing: [{from: 2026-01-01, price_per_credit: 15}]",
            "15 EUR, is 25,000 times",
        ),
        (
            (
                "pricing: [{from: 2026-01-01, price_per_credit: 0.0005,"
                " by_credit_type: {storage: 0.5}}]"
            ),
            "The price of Storage credits from 2026-01-01 on, 0.5 USD",
        ),
        (
            (
                "pricing: [{from: 2026-01-01, price_per_credit: 0.0005,"
                " by_credit_type: {ai_agent: 0.5}}]"
            ),
            "The price of AI agent credits from 2026-01-01 on, 0.5 USD",
        ),
        (
            (
                "currency: JPY\nlist_price_per_credit: 0.09\n"
                "pricing: [{from: 2026-01-01, price_per_credit: 2000}]"
            ),
            "times the list price of 0.09 JPY; it may be the price of 25,000 credits",
        ),
    ],
)
def test_a_price_far_from_the_list_price_gets_a_warning(
    tmp_path: Path, settings: str, warning: str
) -> None:
    assert warning in warnings(tmp_path, settings)[0]


@pytest.mark.parametrize(
    "settings",
    [
        "",
        "pricing: [{from: 2026-01-01, price_per_credit: 0.006}]",
        "pricing: [{from: 2026-01-01, price_per_credit: 0.00006}]",
        "pricing: [{from: 2026-01-01, price_per_credit: 0.0005, by_credit_type: {storage: 0}}]",
        "currency: JPY\npricing: [{from: 2026-01-01, price_per_credit: 0.09}]",
        f"pricing: [{LONG_AGO}, {{from: 2026-01-01, price_per_credit: 0.0006}}]",
    ],
)
def test_a_price_that_may_be_is_not_told(tmp_path: Path, settings: str) -> None:
    assert warnings(tmp_path, settings) == ()
