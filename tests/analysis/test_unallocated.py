"""What no team owns, and the rules that are proposed for it."""

import csv
from decimal import Decimal
from pathlib import Path

from circleci_usage.analysis.team_proposals import ProposedRule, SeenProject, propose_rules
from circleci_usage.config.settings_file import load_settings_file
from circleci_usage.config.team_settings import team_entry
from circleci_usage.render.page.page import index_html
from circleci_usage.render.view.report_view import ReportView
from circleci_usage.report_folder.tables import lines_csv, tables
from proposed import project
from report_factory import report_from_settings
from rows import job_run

HOSTILE = '"]}, {x: <b>*'


def proposed(**owners: str) -> dict[str, ProposedRule]:
    """The proposals for projects, each with its owner; empty for none."""
    projects = {project(name.replace("_", "-")): owner for name, owner in owners.items()}
    return rules_for(projects)


def rules_for(owners: dict[SeenProject, str], *teams: str) -> dict[str, ProposedRule]:
    unallocated = [each for each, owner in owners.items() if not owner]
    owned = {each: {owner} if owner else set() for each, owner in owners.items()}
    rules = propose_rules(unallocated, owned, {*teams, *filter(None, owners.values())})
    return {each.name: rule for each, rule in rules.items()}


def test_a_project_goes_to_the_only_team_with_the_same_first_word() -> None:
    assert proposed(pay_api="payments", pay_web="") == {
        "pay-web": ProposedRule("payments", ("pay-web",))
    }
    assert proposed(pay_api="payments", pay_web="web", pay_new="") == {}


def test_several_projects_go_there_by_a_glob() -> None:
    assert set(proposed(pay_api="payments", pay_web="", pay_new="").values()) == {
        ProposedRule("payments", ("pay-*",))
    }


def test_several_projects_that_nobody_has_are_a_new_team() -> None:
    assert set(proposed(pay_api="", pay_web="", ios="mobile").values()) == {
        ProposedRule("pay", ("pay-*",))
    }


def test_a_single_project_belongs_to_the_team_of_its_name() -> None:
    assert rules_for({project("pay-api"): ""}, "Pay") == {
        "pay-api": ProposedRule("Pay", ("pay-api",))
    }
    assert rules_for({project("pay-api"): ""}, "web") == {}


def test_nothing_is_proposed_that_would_match_more_or_be_a_regular_expression() -> None:
    assert not rules_for({project("a*b"): "", project("axb"): ""}, "a*b")
    assert rules_for({project("/x/"): ""}, "/x")["/x/"].globs == ("acme//x/",)


def test_the_page_and_the_table_have_what_no_team_owns(tmp_path: Path) -> None:
    names = ["pay-api", "pay-web", "ios", HOSTILE]
    rows = [
        job_run(str(10 * place), JOB_ID=name, PROJECT_NAME=name, PROJECT_ID=f"id {place}")
        for place, name in enumerate(names, start=1)
    ]
    rows = [row for row in rows if row]
    report = report_from_settings(tmp_path, rows, "teams: [{name: mobile, projects: [ios]}]")

    written = lines_csv(dict(tables(report))["unallocated"])
    lines = [*csv.DictReader(written.splitlines())]
    page = index_html(ReportView(report))

    assert [line["credits"] for line in lines] == ["40", "20", "10"]
    assert [line["proposed_team"] for line in lines] == ["", "pay", "pay"]
    assert sum(Decimal(line["cost"]) for line in lines) == Decimal(70) * Decimal("0.0006")
    entry = team_entry("pay", ["pay-*"])
    assert lines[1]["proposed_rule"].lstrip("'") == entry
    assert "Unallocated costs</h2>" in page
    assert "<b>*" not in page


def test_a_team_that_owns_parts_of_every_project_is_not_proposed(tmp_path: Path) -> None:
    rows = [
        job_run(JOB_ID=f"{name} {job}", PROJECT_NAME=name, PROJECT_ID=f"id {name}", JOB_NAME=job)
        for name in ("pay-api", "pay-web", "ios")
        for job in ("test", "deploy")
    ]
    teams = [
        "{name: release, jobs: [deploy]}",
        "{name: all, projects: ['*'], jobs: [deploy]}",
        "{name: payments, projects: [pay-api]}",
    ]

    report = report_from_settings(tmp_path, rows, f"teams: [{', '.join(teams)}]")

    found = {each.key.project: each.proposal for each in report.findings.unallocated}
    assert found == {"pay-web": ProposedRule("payments", ("pay-web",)), "ios": None}


def test_an_entry_holds_any_name(tmp_path: Path) -> None:
    path = tmp_path / "usage.yml"
    path.write_text(f"teams:\n  {team_entry(HOSTILE, [HOSTILE])}\n", encoding="utf-8")

    (team,) = load_settings_file(path).teams

    assert (team.name, team.projects) == (HOSTILE, (HOSTILE,))


def test_without_teams_the_page_says_nothing(tmp_path: Path) -> None:
    report = report_from_settings(tmp_path, [job_run()])

    assert "Unallocated costs</h2>" not in index_html(ReportView(report))
    assert len(report.findings.unallocated) == 1
