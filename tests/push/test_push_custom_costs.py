"""Custom Costs: Datadog's total equals the report, however often it is sent and interrupted."""

import json
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import SecretStr

from circleci_usage.core.errors import AccessError, ServiceError, SettingsError
from circleci_usage.core.periods import Period
from circleci_usage.core.progress import NullProgress
from circleci_usage.demo.clock import PinnedClock
from circleci_usage.demo.standin.faults import Fault, HangUp, Stall, error_response
from circleci_usage.demo.standin.messages import Request
from circleci_usage.push.datadog.connection import DatadogSession
from circleci_usage.push.datadog.cost_file import cost_file
from circleci_usage.push.datadog.credentials import Credentials
from circleci_usage.push.datadog.custom_costs import plan_replacement, replace_costs
from circleci_usage.push.datadog.sent_costs import SentCosts
from circleci_usage.push.datadog.sites import datadog_site
from circleci_usage.report_folder.reader import read_report_folder
from datadog_intake import API_KEY, APP_KEY, COSTS, DatadogIntake
from report_factory import MARCH
from report_folders import NOW, report_folder
from rows import job_run

SENT_COSTS = "datadog-costs.json"
KEYS = Credentials(SecretStr(API_KEY), SecretStr(APP_KEY))
SETTINGS = "teams: [{name: Payments, projects: [pay]}]"


@pytest.fixture
def datadog() -> Iterator[DatadogIntake]:
    with DatadogIntake(PinnedClock(NOW)) as intake:
        yield intake


@pytest.fixture(scope="module")
def march(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("march"), MARCH, "1000")


def made(folder: Path, period: Period, compute: str) -> Path:
    """A report on two projects with usage from the second day of the period on."""
    days = [day.isoformat() for day in period]
    rows = [
        job_run(compute, JOB_RUN_DATE=days[min(1, len(days) - 1)], STORAGE_CREDITS="7"),
        job_run("500", JOB_RUN_DATE=days[-1], PROJECT_ID="p2", PROJECT_NAME="pay"),
        job_run("0", JOB_RUN_DATE=days[-1], JOB_NAME="free"),
    ]
    return report_folder(folder, rows, SETTINGS, period=period)[0]


def cost_of(folder: Path) -> Decimal:
    return Decimal(json.loads((folder / "summary.json").read_text())["totals"]["cost"])


def send(datadog: DatadogIntake, folder: Path, record: Path | None = None) -> None:
    file = cost_file(read_report_folder(folder), datadog.clock.now().date())
    site = datadog_site("datadoghq.com", datadog.url)
    with DatadogSession(
        site, KEYS, clock=datadog.clock, progress=NullProgress(), timeouts=(5, 0.5)
    ) as session:
        replacement = plan_replacement(session, file, SentCosts(record))
        replace_costs(session, replacement, SentCosts(record), NullProgress())


def at(method: str, fault: Fault) -> Callable[[Request], Fault | None]:
    """A fault for the first request of a method."""
    waiting = [fault]

    def choose(request: Request) -> Fault | None:
        return waiting.pop() if waiting and request.method == method else None

    return choose


def test_there_is_a_line_per_day_project_team_and_credit_type(
    datadog: DatadogIntake, march: Path
) -> None:
    send(datadog, march)

    (file,) = datadog.costs.files.values()
    assert file.items[0] == {
        "ProviderName": "CircleCI",
        "ChargeDescription": "Compute credits",
        "ChargePeriodStart": "2026-03-02",
        "ChargePeriodEnd": "2026-03-02",
        "BilledCost": Decimal("0.6"),
        "BillingCurrency": "USD",
        "Tags": {
            "organization": "acme",
            "project": "web",
            "team": "unallocated",
            "credit_type": "compute",
            "exported_by": "circleci-usage",
        },
    }
    assert datadog.costs.total() == cost_of(march)
    assert datadog.costs.total(team="payments") == Decimal("0.3")
    assert len(file.items) == 3


@pytest.mark.parametrize(("name", "uploads"), [(SENT_COSTS, 1), (None, 3)])
def test_sending_again_is_safe(
    datadog: DatadogIntake, march: Path, tmp_path: Path, name: str | None, uploads: int
) -> None:
    for _ in range(3):
        send(datadog, march, tmp_path / name if name else None)

    assert datadog.costs.total() == datadog.costs.highest_total == cost_of(march)
    assert datadog.request_count("PUT", COSTS) == uploads


def test_a_corrected_report_replaces_the_first(
    datadog: DatadogIntake, march: Path, tmp_path: Path
) -> None:
    record = tmp_path / SENT_COSTS
    send(datadog, march, record)

    send(datadog, corrected := made(tmp_path / "corrected", MARCH, "1"), record)

    assert datadog.costs.total() == cost_of(corrected) < cost_of(march)
    assert datadog.costs.highest_total == cost_of(march)
    (id_,) = json.loads(record.read_text())["files"]
    assert [id_] == [*datadog.costs.files]


def test_a_longer_period_replaces_those_in_it(
    datadog: DatadogIntake, march: Path, tmp_path: Path
) -> None:
    for number in (3, 9, 31):
        day = date(2026, 3, number)
        send(datadog, made(tmp_path / str(number), Period.of_days(day, day), "900"))
    assert len(datadog.costs.files) == 3

    send(datadog, march)

    assert datadog.costs.total() == cost_of(march)


def test_a_period_that_overlaps_another_is_refused(
    datadog: DatadogIntake, march: Path, tmp_path: Path
) -> None:
    send(datadog, march)
    part = made(tmp_path / "part", Period.of_days(date(2026, 3, 9), date(2026, 3, 12)), "900")

    message = (
        r"for 2026-03-02 to 2026-03-31 \(file-1\), and the report is for 2026-03-09 to 2026-03-12"
    )
    with pytest.raises(SettingsError, match=message):
        send(datadog, part)

    assert datadog.costs.total() == cost_of(march)


def test_a_file_from_another_source_is_kept(datadog: DatadogIntake, march: Path) -> None:
    file = cost_file(read_report_folder(march), NOW.date())
    foreign = [{**line, "BilledCost": Decimal(1), "Tags": {"team": "x"}} for line in file.body()]
    datadog.costs.upload(foreign, NOW)

    with pytest.raises(SettingsError, match=r"\(file-1\) that was not sent by circleci-usage"):
        send(datadog, march)

    assert [*datadog.costs.files] == ["file-1"]


def test_files_of_other_days_and_providers_are_kept(
    datadog: DatadogIntake, march: Path, tmp_path: Path
) -> None:
    send(
        datadog,
        february := made(
            tmp_path / "february", Period.of_days(date(2026, 2, 1), date(2026, 2, 28)), "3"
        ),
    )
    other = [{**line, "ProviderName": "Somebody"} for line in (datadog.costs.files["file-1"].items)]
    datadog.costs.upload(other, NOW)

    send(datadog, march)

    assert datadog.costs.total() == cost_of(march) + 2 * cost_of(february)


@pytest.mark.parametrize("fault", [Stall(), Stall(done=True)])
def test_an_upload_with_unknown_outcome_is_not_retried(
    datadog: DatadogIntake, march: Path, tmp_path: Path, fault: Fault
) -> None:
    datadog.faults = at("PUT", fault)

    with pytest.raises(
        ServiceError,
        match="It is unknown whether the Custom Costs of 2026-03-01 to 2026-03-31 arrived",
    ):
        send(datadog, march, tmp_path / SENT_COSTS)

    assert datadog.request_count("PUT", COSTS) == 1
    send(datadog, march, tmp_path / SENT_COSTS)
    assert datadog.costs.total() == datadog.costs.highest_total == cost_of(march)


def test_a_rate_limited_upload_is_retried(datadog: DatadogIntake, march: Path) -> None:
    datadog.faults = at("PUT", error_response(429, "later", X_RateLimit_Reset="9"))

    send(datadog, march)

    assert datadog.costs.total() == cost_of(march)


def test_a_stop_between_deleting_and_sending_counts_nothing_twice(
    datadog: DatadogIntake, march: Path, tmp_path: Path
) -> None:
    record = tmp_path / SENT_COSTS
    send(datadog, march, record)
    corrected = made(tmp_path / "corrected", MARCH, "2")
    datadog.faults = at("PUT", HangUp())

    with pytest.raises(ServiceError):
        send(datadog, corrected, record)
    assert datadog.costs.total() == 0

    send(datadog, corrected, record)
    assert datadog.costs.total() == cost_of(corrected)


def test_a_file_that_is_already_gone_is_ignored(
    datadog: DatadogIntake, march: Path, tmp_path: Path
) -> None:
    record = tmp_path / SENT_COSTS
    send(datadog, march, record)
    datadog.costs.files.clear()

    send(datadog, march, record)

    assert datadog.costs.total() == cost_of(march)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"version": 1}', '{"version": 1, "files": {"a": {"site": "x"}}}']
)
def test_a_damaged_record_of_sent_costs_counts_as_empty(
    datadog: DatadogIntake, march: Path, tmp_path: Path, text: str
) -> None:
    record = tmp_path / SENT_COSTS
    record.write_text(text)
    for _ in range(2):
        send(datadog, march, record)

    assert datadog.costs.total() == datadog.costs.highest_total == cost_of(march)


@pytest.mark.parametrize("first_page", [0, 1])
def test_all_pages_of_the_list_are_read(
    datadog: DatadogIntake, march: Path, tmp_path: Path, first_page: int
) -> None:
    other = made(tmp_path / "other", Period.of_days(date(2026, 1, 5), date(2026, 1, 5)), "3")
    line = cost_file(read_report_folder(other), NOW.date()).body()[0]
    for _ in range(230):
        datadog.costs.upload([{**line, "BilledCost": Decimal(1)}], NOW)
    send(datadog, march)
    datadog.costs.first_page = first_page

    send(datadog, march)

    assert datadog.costs.total() == 230 + cost_of(march)


def test_a_report_that_costs_nothing_replaces_what_was_sent(
    datadog: DatadogIntake, march: Path, tmp_path: Path
) -> None:
    send(datadog, march)
    free, _ = report_folder(tmp_path, [job_run("0")])

    send(datadog, free)

    assert not datadog.costs.files


@pytest.mark.parametrize(
    ("method", "code", "error", "message"),
    [
        (
            "GET",
            403,
            AccessError,
            r"the application key \(DATADOG_APP_KEY\) needs the permissions cloud_cost",
        ),
        ("GET", 400, ServiceError, r"does not list its Custom Costs files \(400\)"),
        ("PUT", 400, ServiceError, r"rejected the Custom Costs file \(400\)"),
    ],
)
def test_each_rejection_has_its_message(
    datadog: DatadogIntake,
    march: Path,
    method: str,
    code: int,
    error: type[Exception],
    message: str,
) -> None:
    datadog.faults = at(method, error_response(code, "no"))

    with pytest.raises(error, match=message):
        send(datadog, march)


def test_another_currency_is_refused_with_the_reason(tmp_path: Path) -> None:
    folder, _ = report_folder(
        tmp_path, [job_run("5")], "{currency: EUR, list_price_per_credit: 0.0005}"
    )

    with pytest.raises(SettingsError, match="are in USD only, but the report is in EUR"):
        cost_file(read_report_folder(folder), NOW.date())


def test_future_days_are_refused(march: Path) -> None:
    with pytest.raises(SettingsError, match="ends on 2026-03-31, but today is 2026-03-30"):
        cost_file(read_report_folder(march), date(2026, 3, 30))


def test_blank_and_hostile_names_become_valid_tags(datadog: DatadogIntake, tmp_path: Path) -> None:
    rows = [
        job_run("5", PROJECT_ID=f"p{number}", PROJECT_NAME=name, ORGANIZATION_NAME="\\N")
        for number, name in enumerate(["\\N", "=cmd|' /C calc'!A0", "x" * 3000, "🚀", 'a,b"c'])
    ]
    folder, report = report_folder(tmp_path, rows)

    send(datadog, folder)

    assert datadog.costs.total() == report.totals.cost
    (file,) = datadog.costs.files.values()
    assert len({item["Tags"]["project"] for item in file.items}) == len(rows)
