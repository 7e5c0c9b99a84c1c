"""`report` with --insights and --user-names, as a user runs it, against a mock CircleCI."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from circleci_usage.analysis.analyze import AnalysisSettings
from circleci_usage.analysis.people_settings import PeopleSettings
from circleci_usage.cli.lookup_flags import ReportLookupFlags
from circleci_usage.cli.lookups import lookups_of_report
from circleci_usage.core.errors import SettingsError
from circleci_usage.core.progress import NullProgress, SystemClock
from circleci_usage.demo.company.exportfile import write_part
from circleci_usage.demo.company.insights import user_name
from circleci_usage.demo.company.planted import FLAKY
from circleci_usage.demo.standin.faults import error_response
from circleci_usage.demo.standin.standin import StandIn
from circleci_usage.insights.user_name_cache import CACHE_NAME
from circleci_usage.report_settings import ReportSettings
from commandline import Finished
from export_command import SECRET
from inprocess import run_here
from report_factory import LIST_PRICES, MARCH
from rows import job_run
from standin_client import COMPANY

USER = COMPANY.people[0]
FLAGS = ("--insights", "--user-names")


@dataclass
class Reporting:
    """A folder with an export of a project that the mock CircleCI knows."""

    folder: Path
    circleci: StandIn

    def report(self, *flags: str, **env: str) -> Finished:
        command = ("report", "exports", "--no-merged", "--output", "out", *flags)
        given = {"CIRCLECI_URL": self.circleci.url, "CIRCLECI_API_TOKEN": SECRET} | env
        done = run_here(*command, cwd=self.folder, env=given)
        assert SECRET not in done.out + done.err
        return done

    @property
    def summary(self) -> dict[str, object]:
        loaded: dict[str, object] = json.loads((self.folder / "out" / "summary.json").read_text())
        return loaded

    @property
    def paths(self) -> list[str]:
        return [call.path.removeprefix("/api/v2/") for call in self.circleci.calls]


@pytest.fixture
def reporting(tmp_path: Path) -> Iterator[Reporting]:
    row = {
        "ORGANIZATION_NAME": "tidewren-apps",
        "PROJECT_NAME": FLAKY.project,
        "VCS_URL": f"https://github.com/tidewren-apps/{FLAKY.project}",
        "WORKFLOW_NAME": FLAKY.workflow,
        "JOB_NAME": FLAKY.job,
        "PIPELINE_TRIGGER_USER_ID": USER,
    }
    rows = [job_run("100", JOB_ID="1", JOB_BUILD_STATUS="failed", **row)]
    (tmp_path / "exports").mkdir()
    write_part(tmp_path / "exports" / "part.csv.gz", rows)
    with StandIn(COMPANY, SystemClock(), token=SECRET) as circleci:
        yield Reporting(tmp_path, circleci)


def test_a_report_asks_nothing_by_default(reporting: Reporting) -> None:
    assert reporting.report().code == 0
    assert reporting.paths == []
    assert "tests" not in reporting.summary


def test_a_report_asks_on_request_and_never_fails_for_it(reporting: Reporting) -> None:
    store = reporting.folder / "store"
    store.mkdir()
    (store / "ledger.json").write_text("{}")
    done = reporting.report("--store", "store", *FLAGS)

    assert (done.code, "warning" in done.err.lower()) == (0, False), done.err
    project = f"insights/gh/tidewren-apps/{FLAKY.project}"
    assert reporting.paths == [
        f"{project}/flaky-tests",
        f"{project}/workflows/{FLAKY.workflow}/test-metrics?all-branches=true",
        f"user/{USER}",
    ]
    tests = reporting.summary["tests"]
    assert isinstance(tests, dict)
    assert tests["job_failed"] == "0.06"
    assert {each["job"] for each in tests["flaky"]} == {FLAKY.job}
    assert user_name(USER) in (store / CACHE_NAME).read_text()

    # Variables ask too; the name is kept, and nobody may see the tests.
    reporting.circleci.faults = lambda _: error_response(401, "no")
    again = reporting.report(INSIGHTS="true", USER_NAMES="1", STORE_DIR="store")
    assert (again.code, len(reporting.paths)) == (0, 4), again.err
    warning = "The report has no tests of 1 project: CircleCI rejected the token (HTTP 401)."
    assert again.err.count(warning) == 1
    assert warning in str(reporting.summary["warnings"])


def test_a_report_without_a_store_keeps_no_names(reporting: Reporting) -> None:
    assert reporting.report("--user-names").code == 0
    assert not [*reporting.folder.rglob(CACHE_NAME)]


@pytest.mark.parametrize("flag", FLAGS)
def test_without_a_token_nothing_is_asked_or_reported(reporting: Reporting, flag: str) -> None:
    done = reporting.report(flag, CIRCLECI_API_TOKEN="")
    assert (done.code, reporting.paths) == (2, [])
    assert "CIRCLECI_API_TOKEN" in done.err
    assert not (reporting.folder / "out").exists()


def test_a_token_is_not_sent_over_plain_http(reporting: Reporting) -> None:
    done = reporting.report("--insights", CIRCLECI_URL="http://circleci.example")
    assert (done.code, "http" in done.err) == (2, True)


def test_names_contradict_hashed_ids(reporting: Reporting) -> None:
    hashed = AnalysisSettings(people=PeopleSettings(are_hashed=True))
    settings = ReportSettings(
        folder=reporting.folder,
        prices=LIST_PRICES,
        analysis=hashed,
        period=MARCH,
        otherwise=MARCH,
    )
    flags = ReportLookupFlags(user_names=True)
    with pytest.raises(SettingsError, match="contradicts the settings file"):
        lookups_of_report(flags, settings, reporting.folder, SystemClock(), NullProgress())
