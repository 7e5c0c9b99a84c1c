"""teams/: a report on the part of each team, which together sum to the whole."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from circleci_usage.costs.allocation import UNALLOCATED, Ownership
from circleci_usage.costs.rules import Patterns, Rule
from circleci_usage.costs.shared_costs import SharedCosts
from circleci_usage.outputs import write_report
from circleci_usage.report import Report
from report_factory import report_of
from rows import job_run
from sample_reports import HOSTILE_NAMES, acme_report, acme_rows

FILES: Final = {"index.html", "summary.md", "summary.json", "slack.json", "email.html"}
RULES: Final = (
    Rule("shop", Patterns(projects=("web",), branches=("main",))),
    Rule("../Shop reviews", Patterns(projects=("web",))),
    Rule("<img src=x onerror=alert(1)>", Patterns(projects=("ios",))),
    Rule("con", Patterns(projects=("nothing",))),
)
SHARED: Final = SharedCosts(projects=("api",))
ADDITIVE: Final = ("cost", "credits")


def report_on_teams() -> Report:
    on_main = job_run("7", JOB_RUN_DATE="2026-03-09", VCS_BRANCH="main", JOB_RUN_SECONDS="61")
    rows = [*acme_rows(), on_main]
    return report_of(rows, ownership=Ownership(RULES, shared=SHARED), team_reports=True)


@pytest.fixture(scope="module")
def whole() -> Report:
    return report_on_teams()


@pytest.fixture(scope="module")
def folder(whole: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("teams") / "report"
    write_report(whole, target)
    return target


def summary_in(folder: Path) -> Any:
    return json.loads((folder / "summary.json").read_text(encoding="utf-8"))


def folders(folder: Path) -> Mapping[str, Path]:
    listed = summary_in(folder)["team_reports"]
    return {each["team"]: folder / "teams" / each["folder"] for each in listed}


def test_each_team_and_what_no_team_owns_has_its_files(folder: Path) -> None:
    every = folders(folder)

    assert set(every) == {*(rule.value for rule in RULES), UNALLOCATED}
    for place in every.values():
        assert {file.name for file in place.iterdir()} == FILES
    assert {each.name for each in (folder / "teams").iterdir()} == {
        each.name for each in every.values()
    }


def test_teams_sum_to_the_whole_to_the_last_digit(folder: Path) -> None:
    whole, teams = summary_in(folder), [*map(summary_in, folders(folder).values())]

    for amount in ADDITIVE:
        parts = [Decimal(team["totals"][amount]) for team in teams]
        assert sum(parts) == Decimal(whole["totals"][amount])
    assert sum(team["totals"]["job_runs"] for team in teams) == whole["totals"]["job_runs"]
    for section, amount in (
        ("waste", "failed"),
        ("right_sizing", "saved_a_month"),
        ("savings", "likely_a_month"),
    ):
        parts = [Decimal(team[section][amount]) for team in teams]
        assert sum(parts) == Decimal(whole[section][amount])


def test_a_team_has_its_own_costs_and_its_share_of_shared_ones(folder: Path) -> None:
    charged = {each["team"]: each for each in summary_in(folder)["chargeback"]}

    for team, place in folders(folder).items():
        summary, line = summary_in(place), charged[team]
        assert summary["team"]["name"] == team
        assert summary["totals"]["cost"] == line["total"]
        assert (summary["team"]["direct"], summary["team"]["shared"]) == (
            line["direct"],
            line["shared"],
        )
        for key in ("by_project", "by_job", "by_credit_type", "daily"):
            costs = [Decimal(each["cost"]) for each in summary[key]]
            assert sum(costs) == Decimal(line["total"]), key


def test_run_statistics_of_a_job_of_several_teams_are_with_one_of_them(folder: Path) -> None:
    every = {team: summary_in(place)["team"] for team, place in folders(folder).items()}
    together = every["shop"]["jobs_with_others"] + every["../Shop reviews"]["jobs_with_others"]

    assert together == every["shop"]["jobs_elsewhere"] + every["../Shop reviews"]["jobs_elsewhere"]
    assert together > 0
    pages = [page(place) for place in folders(folder).values()]
    assert sum("partly to other teams" in text for text in pages) == 1


def page(place: Path) -> str:
    return (place / "index.html").read_text(encoding="utf-8")


def test_pages_lead_to_each_other(folder: Path) -> None:
    main = page(folder)
    explorer = (folder / "explore.html").read_text(encoding="utf-8")

    for place in folders(folder).values():
        link = f'href="teams/{place.name}/index.html"'
        assert link in main
        assert link in explorer
        addresses = re.findall(r'(?:href|src)="([^"#:]+)(?:#[^"]*)?"', page(place))
        assert {"../../index.html", "../../explore.html"} <= {*addresses}
        for address in addresses:
            assert (place / address).is_file(), address


def test_a_team_page_filters_the_explorer_by_the_team(folder: Path) -> None:
    links = re.findall(r'href="\.\./\.\./explore\.html([^"]*)"', page(folders(folder)["shop"]))

    assert links
    assert all("team=shop" in link for link in links)


def test_hostile_team_names_stay_names(tmp_path: Path) -> None:
    rules = tuple(Rule(name, Patterns(projects=("web",))) for name in HOSTILE_NAMES if name.strip())
    report = report_of(acme_rows(), ownership=Ownership(rules), team_reports=True)

    write_report(report, tmp_path / "report")

    every = folders(tmp_path / "report")
    assert len({place.name.casefold() for place in every.values()}) == len(rules) + 1
    for place in every.values():
        assert re.fullmatch(r"[a-z0-9_][a-z0-9_-]*", place.name)
        assert "<img src=x" not in page(place)
        assert "<script>alert" not in page(place)
        message = (place / "slack.json").read_text(encoding="utf-8")
        assert not re.search(r"[$`\\]", message)


def test_teams_that_are_gone_leave_no_folder(whole: Report, tmp_path: Path) -> None:
    write_report(whole, tmp_path)
    kept = whole.team_reports[0]
    fewer = replace(whole, team_reports=(kept,))

    write_report(fewer, tmp_path)
    assert [each.name for each in (tmp_path / "teams").iterdir()] == [kept.folder]

    write_report(replace(whole, team_reports=()), tmp_path)
    assert not (tmp_path / "teams").exists()


def test_without_teams_or_the_flag_there_are_none() -> None:
    assert not acme_report().team_reports
    assert not report_of(acme_rows(), team_reports=True).team_reports
