"""What a run says about itself: at the start the settings that apply, at the end the page."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from circleci_usage.core.periods import add_months, month_start
from circleci_usage.demo.company.catalog import MAIN
from circleci_usage.demo.standin.standin import StandIn
from days import yesterday
from export_command import exporting_environment, small_circleci
from inprocess import run_here
from small_export import small_export

LIST_PRICE = (
    "Prices:        list price 0.0006 USD per credit, assumed; set yours with --price-per-credit"
    " or in a settings file"
)
NO_FILE = "Settings:      no settings file; `circleci-usage init` writes one"
SETTINGS = """\
pricing:
  - {from: 2020-01-01, to: 2025-12-31, price_per_credit: 0.0006}
  - {from: 2026-01-01, price_per_credit: 0.00054}
included_credits: {per: month, amount: 10}
budgets: [{name: all, per: month, amount: 1000000}]
"""


@pytest.fixture
def circleci() -> Iterator[StandIn]:
    with small_circleci() as standin:
        yield standin


def settings_file(folder: Path, text: str = SETTINGS) -> Path:
    file = folder / ".circleci" / "usage.yml"
    file.parent.mkdir()
    file.write_text(text)
    return file


def first_lines(text: str, before: str) -> list[str]:
    """The lines of an output before the first that begins with a text."""
    return text[: text.index(f"\n{before}")].splitlines()


def test_a_run_says_what_applies_and_why(circleci: StandIn, tmp_path: Path) -> None:
    env = exporting_environment(circleci) | {"ORG_ID": MAIN.slug}
    bare = run_here("run", "--no-merged", cwd=tmp_path, env=env)
    days = f"{yesterday() - timedelta(days=2)} to {yesterday()}"
    assert first_lines(bare.err, "Exporting ") == [
        NO_FILE,
        LIST_PRICE,
        "Token:         CIRCLECI_API_TOKEN",
        f"Organizations: {MAIN.slug}, set by ORG_ID",
        f"Period:        {days}: set by START_DATE and END_DATE",
    ]
    assert bare.out == f"{tmp_path}/usage-report/index.html\n"

    settings_file(tmp_path)
    flags = ("--period", "last-7-days", "--org-id", MAIN.id)
    priced = run_here("run", *flags, cwd=tmp_path, env=env)
    first = yesterday() - timedelta(days=6)
    earliest = min(
        first - timedelta(days=7),
        month_start(yesterday()),
        month_start(first),
    )
    lines = first_lines(priced.err, "Exporting ")
    export = lines.pop(5)
    assert lines == [
        "Settings:      .circleci/usage.yml",
        "Prices:        2 price periods in USD, from .circleci/usage.yml",
        "Token:         CIRCLECI_API_TOKEN",
        f"Organizations: {MAIN.slug} ({MAIN.id}), set by --org-id",
        f"Period:        {first} to {yesterday()}: last-7-days, set by --period",
        "Overridden:    ORG_ID by --org-id, START_DATE by --period, END_DATE by --period",
    ]
    assert export.startswith(
        f"Export:        {earliest} to {yesterday()}: the earlier days are for "
    )
    assert "the comparison with the previous period" in export

    quiet = run_here("run", "--quiet", cwd=tmp_path, env=env)
    assert not [line for line in quiet.err.splitlines() if not line.startswith("Warning:")]


def test_days_for_budgets_and_included_credits_are_explained(
    circleci: StandIn, tmp_path: Path
) -> None:
    settings_file(tmp_path)
    env = exporting_environment(circleci)
    begin = add_months(month_start(yesterday()), -1) + timedelta(days=1)
    dates = ("--from", str(begin), "--to", str(begin))
    done = run_here("run", *dates, "--no-merged", cwd=tmp_path, env=env)
    assert (
        f"Export:        {month_start(begin)} to {begin}: the earlier days are for budgets and"
        " included credits\n"
    ) in done.err


def test_an_export_says_which_organizations_and_days(circleci: StandIn, tmp_path: Path) -> None:
    env = exporting_environment(circleci) | {"PERIOD": "last-week"}
    done = run_here("export", cwd=tmp_path, env=env)
    assert done.err.splitlines()[:4] == [
        "Token:         CIRCLECI_API_TOKEN",
        f"Organizations: {MAIN.id}, set by ORG_ID",
        (
            f"Period:        {yesterday() - timedelta(days=2)} to {yesterday()}:"
            " set by START_DATE and END_DATE"
        ),
        "Overridden:    PERIOD by START_DATE",
    ]


def test_a_report_on_files_says_what_applies(tmp_path: Path) -> None:
    export = small_export(tmp_path)
    file = settings_file(tmp_path, "list_price_per_credit: 0.0007\n")
    done = run_here("report", export, "--no-merged", cwd=tmp_path)
    assert first_lines(done.err, "Reading ") == [
        "Settings:      .circleci/usage.yml",
        "Prices:        list price 0.0007 USD per credit, from .circleci/usage.yml",
        "Period:        all days of the files; --period or --from chooses others",
    ]
    assert "\nOrganizations: acme\n" in done.err

    env = {"USAGE_CONFIG": str(file), "PRICE_PER_CREDIT": "0.00054", "OUTPUT_DIR": "unused"}
    flags = ("--to", "2026-03-04", "-o", "out", "--no-merged")
    file.write_text(SETTINGS)
    priced = run_here("report", export, *flags, cwd=tmp_path, env=env)
    assert first_lines(priced.err, "Reading ") == [
        f"Settings:      {file}, set by USAGE_CONFIG",
        (
            "Prices:        0.00054 USD per credit, set by PRICE_PER_CREDIT, instead of the prices"
            f" in {file}"
        ),
        "Period:        through 2026-03-04: set by --to",
        "Overridden:    OUTPUT_DIR by --output",
    ]


def test_a_check_says_which_budgets_and_which_report(tmp_path: Path) -> None:
    none = run_here("check", cwd=tmp_path)
    assert none.code == 2
    assert none.err == (
        "Error: There is no settings file, so there are no budgets to check; write one with"
        " `circleci-usage init`, or name yours with --config.\n"
    )
    file = settings_file(tmp_path, "currency: USD\n")
    without = run_here("check", cwd=tmp_path)
    assert without.code == 2
    assert without.err == (
        "Error: The settings file .circleci/usage.yml has no budgets; add `budgets` or the"
        " `budget` of a team.\n"
    )

    file.write_text(SETTINGS)
    assert run_here("report", small_export(tmp_path), cwd=tmp_path).code == 0
    done = run_here("check", cwd=tmp_path)
    assert done.err.splitlines()[0] == "Settings:      .circleci/usage.yml"
    assert done.err.splitlines()[-1] == f"Report:        {tmp_path}/usage-report/index.html"
    sent = run_here("push", "datadog", "--dry-run", cwd=tmp_path)
    assert sent.err.splitlines()[0] == "Report:        usage-report, 2026-03-02 to 2026-03-05"


def test_the_doctor_and_the_status_say_which_settings_apply(tmp_path: Path) -> None:
    settings_file(tmp_path)
    checked = run_here("doctor", cwd=tmp_path).out
    assert (
        "ok   settings: The prices are valid: 2 price periods in USD, from .circleci/usage.yml."
    ) in checked
    stands = run_here("status", cwd=tmp_path, env={"PERIOD": "last-week"})
    assert stands.err.splitlines()[0] == "Settings:      .circleci/usage.yml"
    assert stands.err.splitlines()[1].endswith(": last-week, set by PERIOD")


def test_a_job_names_the_page_among_its_artifacts(tmp_path: Path) -> None:
    job = "9f2c7a1e-0b1d-4c5e-8f43-9a2b7d10c001"
    done = run_here(
        "report", small_export(tmp_path), cwd=tmp_path, env={"CIRCLE_WORKFLOW_JOB_ID": job}
    )
    assert (
        "Once the job has stored the folder as artifacts, the page is at"
        f" https://output.circle-artifacts.com/output/job/{job}/artifacts/0/usage-report/index.html"
    ) in done.err
    assert done.out == f"{tmp_path}/usage-report/index.html\n"


def test_a_document_is_alone_on_standard_output(tmp_path: Path) -> None:
    done = run_here("report", small_export(tmp_path), "--json", cwd=tmp_path)
    document = json.loads(done.out)
    assert document["report"]["page"] == f"{tmp_path}/usage-report/index.html"
    assert done.err.startswith(NO_FILE)


@pytest.mark.parametrize("variables", [{}, {"CI": "true"}])
def test_the_page_is_a_link_on_a_terminal(tmp_path: Path, variables: dict[str, str]) -> None:
    folder = tmp_path / "ä b;%"
    folder.mkdir()
    page = f"{folder}/usage-report/index.html"
    encoded = f"file://{tmp_path}/%C3%A4%20b%3B%25/usage-report/index.html"

    shown = on_terminal(["report", str(small_export(tmp_path)), "--quiet"], folder, variables)

    if variables:
        assert shown == f"{page}\r\n"
    else:
        before, link, after = shown.partition(encoded)
        assert before.startswith("\x1b]8;")
        assert link
        assert after == f"\x1b\\{page}\x1b]8;;\x1b\\\r\n"


def on_terminal(arguments: list[str], folder: Path, variables: dict[str, str]) -> str:
    """What a command writes to standard output where that is a terminal."""
    ours, theirs = pty.openpty()
    environment = {"PATH": os.environ["PATH"], "TERM": "xterm-256color", **variables}
    command = [sys.executable, "-m", "circleci_usage", *arguments]
    subprocess.run(command, cwd=folder, env=environment, stdout=theirs, check=True, timeout=120)
    os.close(theirs)
    text = os.read(ours, 10_000).decode()
    os.close(ours)
    return text
