"""The proposed settings file: loads without a message, whatever names an export has."""

import json
import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from circleci_usage import __version__
from circleci_usage.analysis.team_proposals import SeenProject
from circleci_usage.config.json_schema import SCHEMA_PATH
from circleci_usage.config.yaml_text import parse_yaml
from circleci_usage.core.globs import matcher
from circleci_usage.demo.clock import DEMO_NOW
from circleci_usage.demo.sample_usage import sample_usage
from circleci_usage.schema.keys import OrganizationKey
from circleci_usage.settings_proposal.addresses import REPOSITORY, SCHEMA_URL, SETTINGS_URL
from circleci_usage.settings_proposal.proposal import Proposal, propose
from circleci_usage.settings_proposal.seen_usage import SeenUsage, seen_usage
from circleci_usage.settings_proposal.settings_text import settings_text
from circleci_usage.usage.daily_usage import daily_usage
from circleci_usage.usage.name_patterns import NO_PATTERNS
from golden import assert_golden
from orb_pack import load
from paths import ROOT
from proposed import TODAY, loaded, proposal_from, uncommented
from rows import Row, job_run

VALIDATOR = Draft202012Validator(json.loads(SCHEMA_PATH.read_text(encoding="utf-8")))


def run_of(project: str, compute: str = "10", **changes: str) -> Row:
    named = {"PROJECT_NAME": project, "PROJECT_ID": f"id of {project}"}
    return job_run(compute, **(named | changes))


def seats(day: str, credits: str = "50000") -> Row:
    nothing = dict.fromkeys(("PROJECT_NAME", "PROJECT_ID", "JOB_NAME", "WORKFLOW_NAME"), r"\N")
    return job_run("0", USER_CREDITS=credits, JOB_RUN_DATE=day, **nothing)


def prose(text: str) -> str:
    """A text without the line breaks in its comments."""
    return text.replace("\n# ", " ")


def of_any_version(text: str) -> str:
    return text.replace(f"/v{__version__}/", "/v1.2.3/")


def assert_valid(proposal: Proposal, folder: Path) -> None:
    """Both as it is and with everything that is commented out, for the model and the schema."""
    text = settings_text(proposal)
    for each in (text, uncommented(text)):
        settings = loaded(each, folder)
        assert not [*VALIDATOR.iter_errors(parse_yaml(each).value)]
        assert settings.list_price_per_credit == Decimal("0.0006")


def test_the_proposal_of_a_smaller_sample_company(tmp_path: Path) -> None:
    with sample_usage(scale=0.2) as source:
        usage = daily_usage(source.read(None, NO_PATTERNS))
    proposal = propose(seen_usage(usage), DEMO_NOW.date(), is_sample=True)

    assert_golden("proposed-usage.txt", of_any_version(settings_text(proposal)))
    assert_valid(proposal, tmp_path)


def test_without_usage_it_is_a_template_that_says_how_to_get_some(tmp_path: Path) -> None:
    text = settings_text(propose(None, TODAY))

    assert_golden("proposed-usage-empty.txt", of_any_version(text))
    assert_valid(propose(None, TODAY), tmp_path)
    assert "`circleci-usage run`" in text


def test_an_export_without_job_runs_is_no_usage(tmp_path: Path) -> None:
    assert settings_text(proposal_from([], tmp_path)) == settings_text(propose(None, TODAY))


def test_everything_that_is_commented_out_is_a_setting(tmp_path: Path) -> None:
    settings = loaded(uncommented(settings_text(propose(None, TODAY))), tmp_path)

    assert settings.model_fields_set == {
        "currency",
        "list_price_per_credit",
        "pricing",
        "included_credits",
        "billing_cycle_day",
        "teams",
        "shared_costs",
        "budgets",
        "job_groups",
    }


def test_editors_find_the_schema_of_this_version() -> None:
    [first, *_] = settings_text(propose(None, TODAY)).splitlines()
    orb = load(ROOT / "orb" / "@orb.yml")

    assert first == f"# yaml-language-server: $schema={SCHEMA_URL}"
    assert orb["display"]["source_url"] == f"https://github.com/{REPOSITORY}"
    for url in (SCHEMA_URL, SETTINGS_URL):
        path = url.split(f"/v{__version__}/")[1]
        assert (ROOT / path).is_file()


def test_a_price_of_your_own_applies_to_all_of_the_usage(tmp_path: Path) -> None:
    old = job_run(JOB_RUN_DATE="2024-02-15", PROJECT_NAME="old", PROJECT_ID="old")
    rows = [old, job_run(JOB_RUN_DATE="2026-03-31")]
    proposal = replace(proposal_from(rows, tmp_path), price=Decimal("0.00054"))
    settings = loaded(settings_text(proposal), tmp_path)

    [price] = settings.pricing
    assert (str(price.first), price.last, price.price_per_credit) == (
        "2024-02-01",
        None,
        Decimal("0.00054"),
    )
    assert_valid(proposal, tmp_path)


def test_declined_teams_are_comments(tmp_path: Path) -> None:
    proposal = proposal_from([run_of("pay-api"), run_of("pay-web")], tmp_path)
    declined = replace(proposal, accepts_teams=False)

    assert [team.name for team in loaded(settings_text(proposal), tmp_path).teams] == ["pay"]
    assert loaded(settings_text(declined), tmp_path).teams == ()
    assert_valid(declined, tmp_path)


def test_seats_on_the_same_day_of_two_months_are_the_billing_cycle_day(tmp_path: Path) -> None:
    rows = [run_of("web", JOB_RUN_DATE="2026-01-02"), seats("2026-01-15"), seats("2026-02-15")]
    text = settings_text(proposal_from(rows, tmp_path))

    assert loaded(text, tmp_path).billing_cycle_day == 15
    assert "2 user seats (50,000 credits) were charged on February 15, 2026." in text


def test_credits_that_are_no_whole_seats_are_called_credits(tmp_path: Path) -> None:
    text = settings_text(proposal_from([seats("2026-01-15", "60000.5")], tmp_path))

    assert "60,000 credits of user seats were charged on January 15, 2026." in text
    assert "could not be detected: user seats were not charged on the same day" in prose(text)
    assert loaded(text, tmp_path).billing_cycle_day is None


def test_the_budget_is_the_last_full_month_rounded_up(tmp_path: Path) -> None:
    days = ("2026-01-10", "2026-02-01", "2026-02-28", "2026-03-30")
    rows = [run_of("web", "1000001", JOB_RUN_DATE=day) for day in days]
    text = settings_text(proposal_from(rows, tmp_path))

    assert "February 2026, the last full month, cost $1,200.00 at the list price" in prose(text)
    [budget] = loaded(uncommented(text), tmp_path).budgets
    assert (budget.per, budget.amount) == ("month", Decimal(1300))


def test_without_a_full_month_the_budget_is_an_example(tmp_path: Path) -> None:
    text = settings_text(proposal_from([run_of("web")], tmp_path))

    assert "There is no full month of usage" in prose(text)
    assert "amount: 5000" in text


def test_numbered_jobs_become_groups(tmp_path: Path) -> None:
    rows = [run_of("web", JOB_NAME=f"lint-{number}") for number in (1, 2, 3)]
    settings = loaded(settings_text(proposal_from(rows, tmp_path)), tmp_path)

    assert settings.job_groups == {"lint": ("lint-*",)}


def test_a_renamed_project_goes_by_its_latest_name(tmp_path: Path) -> None:
    rows = [
        run_of("pay-api"),
        run_of("store", JOB_RUN_DATE="2026-03-01", PROJECT_ID="p2"),
        run_of("pay-store", JOB_RUN_DATE="2026-03-02", PROJECT_ID="p2"),
    ]
    text = settings_text(proposal_from(rows, tmp_path))

    assert '{name: pay, projects: ["pay-*"]} # 100.0%, 30 credits, 2 projects' in text
    assert "store" not in text.replace("pay-store", "")


def test_projects_without_a_team_are_listed_by_their_credits(tmp_path: Path) -> None:
    rows = [run_of(f"only{number:02}", str(100 - number)) for number in range(12)]
    rows.append(run_of("labs", ORGANIZATION_NAME="labs", ORGANIZATION_ID="o2"))
    text = settings_text(proposal_from(rows, tmp_path))

    assert '# - "acme/only00": 8.7%, 100 credits\n# - "acme/only01"' in text
    assert "# - and 3 smaller projects\n" in text
    assert (
        "No projects that share a first word have a noticeable cost, so none is proposed."
        in prose(text)
    )


@pytest.mark.parametrize("groups", [25, 500])
def test_hundreds_of_projects_make_a_short_file(tmp_path: Path, groups: int) -> None:
    rows = [run_of(f"t{number}-{part}") for number in range(groups) for part in "ab"]
    proposal = proposal_from(rows, tmp_path)
    text = settings_text(proposal)

    assert len(text.splitlines()) < 100
    assert f"{groups - 20} smaller groups with a common first word are among them." in (prose(text))
    assert_valid(proposal, tmp_path)


HOSTILE = st.text(
    st.one_of(
        st.sampled_from("ab-_*?[]{}#\"'\\:,&!|>%@` \n\r\t\x85\u2028\u202e\ufeff\U0001f600"),
        st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
    ),
    min_size=1,
    max_size=15,
)
BEGINNINGS = st.one_of(HOSTILE, st.sampled_from(["pay-", "no-", "1-", "web-", "shared-", "~ "]))


NAMED = st.tuples(BEGINNINGS, HOSTILE).map("".join)
ORGANIZATIONS = st.sampled_from(["acme", "pay-", "web-\n#", '"', "a: b"])


@st.composite
def usages(draw: st.DrawFn) -> SeenUsage:
    """Usage with hostile names; job groups have names that the report suggests."""
    projects = draw(
        st.lists(
            st.builds(SeenProject, ORGANIZATIONS, NAMED, st.decimals(0, 100, places=1)),
            unique_by=lambda each: each.path,
            max_size=12,
        )
    )
    jobs = draw(st.lists(HOSTILE.map(str.strip).filter(bool), max_size=3, unique=True))
    organizations = {each.organization for each in projects}
    return SeenUsage(
        days=None,
        job_runs=1,
        organizations=tuple(OrganizationKey(name, name) for name in sorted(organizations)),
        projects=tuple(projects),
        seats={},
        last_month=None,
        last_month_credits=Decimal(0),
        job_groups={name: (f"{name}-1", f"{name}-2") for name in jobs},
    )


@given(usages())
def test_hostile_names_make_a_valid_file_and_exact_teams(usage: SeenUsage) -> None:
    proposal = propose(usage, TODAY)
    text = settings_text(proposal)
    with TemporaryDirectory() as folder:
        assert_valid(proposal, Path(folder))
        settings = loaded(text, Path(folder))
    assert {team.name: owned_by(team.projects, usage) for team in settings.teams} == {
        team.name: {each.path for each in team.projects} for team in proposal.teams.teams
    }
    assert settings.job_groups == usage.job_groups
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e\u2028\ufeff]", text)


def owned_by(globs: tuple[str, ...], usage: SeenUsage) -> set[str]:
    matches = matcher(globs)
    return {each.path for each in usage.projects if matches(each.name) or matches(each.path)}


def test_the_longest_names_make_a_file_that_can_be_read(tmp_path: Path) -> None:
    """A settings file has at most 512 KiB; names have up to 10,000 characters."""
    long = "\U0001f600" * 190
    rows = [
        run_of(f"t{team}-{long[: 180 + part]}", ORGANIZATION_NAME=f"{long}{part}")
        for team in range(25)
        for part in range(3)
    ]
    rows += [
        run_of("x" * 9_990, JOB_NAME=f"{long}{name}-{number}")
        for name in range(30)
        for number in (1, 2)
    ]
    assert_valid(proposal_from(rows, tmp_path), tmp_path)
