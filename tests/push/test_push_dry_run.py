"""What a dry run prints."""

from dataclasses import replace
from pathlib import Path

from circleci_usage.push.datadog.dry_run import plan_lines
from circleci_usage.push.datadog.plan import PushOptions
from circleci_usage.push.datadog.sites import datadog_site
from circleci_usage.push.metrics import chosen_tags
from circleci_usage.push.timestamps import Mode
from push_runner import plan_push
from report_folders import NOW, report_folder
from rows import job_run


def test_a_dry_run_shows_the_whole_plan(tmp_path: Path) -> None:
    rows = [job_run("1000"), job_run("10000", PROJECT_ID="p2", PROJECT_NAME="Web")]
    folder, _ = report_folder(tmp_path, rows, "budgets: [{name: all, per: month, amount: 5}]")
    options = PushOptions(
        datadog_site("datadoghq.eu"),
        mode=Mode.HISTORICAL,
        tags=chosen_tags(["job"]),
        max_series=5,
        custom_costs=True,
    )

    plan = plan_push(folder, options, NOW)
    shown = "\n".join(plan_lines(plan))

    assert shown.replace(str(folder), "REPORT") == (
        "To datadoghq.eu, mode historical: report for 2026-03-01 to 2026-03-31 in REPORT.\n"
        f"11 series with 11 points in 1 request: {plan.plain_bytes:,} bytes,"
        f" {plan.wire_bytes} compressed.\n"
        "Custom metrics that Datadog would bill: 11.\n"
        "  circleci.usage.budget_used_ratio: 1\n"
        "  circleci.usage.cost: 2\n"
        "  circleci.usage.credits: 2\n"
        "  circleci.usage.forecast_cost: 1\n"
        "  circleci.usage.job_runs: 2\n"
        "  circleci.usage.job_seconds: 2\n"
        "  circleci.usage.unit_cost: 1\n"
        "8 points are too old to be kept without Historical Metrics Ingestion.\n"
        "Custom Costs: 2 lines, 6.60 USD in total.\n"
        "Event: CircleCI budget all is exceeded: 132% of 5.00 USD\n"
        "Some names would have had the same project tag, so they got a suffix: 'Web' is"
        " web_29751047.\n"
        "It would not be sent: 11 series exceed the limit of 5 (--max-series), and Datadog bills"
        " each as a custom metric. The tag job causes most of them: without it there are 11. Leave"
        " it out of --tags, or allow them with --max-series 11.\n"
        "Nothing was sent."
    )
    assert "too old" not in "".join(
        plan_lines(plan_push(folder, replace(options, mode=Mode.SNAPSHOT), NOW))
    )
