"""Plausible mistakes: each answer says what is wrong and what to do, with its exit code.

The answers are in `tests/golden/mistakes.txt`; read them aloud after a change.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from shlex import split

import pytest

from circleci_usage.core.progress import SystemClock
from circleci_usage.demo.standin.faults import HTML_PAGE
from circleci_usage.demo.standin.standin import StandIn
from datadog_intake import DatadogIntake
from export_command import SECRET, small_circleci
from foreign_files import FOREIGN, export_csv
from golden import assert_golden
from inprocess import run_here
from paths import ROOT
from recorded_store import Export, store_with
from rows import job_run

CIRCLECI = {"CIRCLECI_API_TOKEN": SECRET, "ORG_ID": "gh/tidewren", "MAX_WAIT": "0"}
MARCH = "--from 2026-03-01 --to 2026-03-31"
DATADOG = {"DATADOG_API_KEY": "of_another_site_0123456789abcdef"}


@dataclass(frozen=True)
class Mistake:
    """What somebody did, how, and with which variables. `{circleci}` and such are addresses."""

    what: str
    command: str
    env: dict[str, str] | None = None


def exporting(what: str, **env: str) -> Mistake:
    """A mistake in a variable of an export."""
    given = {"CIRCLECI_URL": "{circleci}", **CIRCLECI, **env}
    return Mistake(what, "export --period yesterday", given)


def pushing(what: str, **env: str) -> Mistake:
    """A mistake in a variable of a push."""
    return Mistake(
        what, "push datadog --report report", {"DATADOG_URL": "{datadog}", **DATADOG, **env}
    )


def logging_in(what: str, **env: str) -> Mistake:
    """A mistake in a variable of a login."""
    return Mistake(what, "login --print-token", {"CIRCLECI_URL": "{circleci}", **env})


MISTAKES = [
    # Paths
    Mistake("mistyped a folder", "report exprots"),
    Mistake("quoted a pattern, so the shell did not expand it", "report 'exports/*.csv.gz'"),
    Mistake("used a variable that is not set", "report ''"),
    Mistake("gave an empty folder", "report empty"),
    Mistake("downloaded a zip archive and did not unpack it", "report downloads"),
    Mistake("gave a folder of something else", "report notes"),
    Mistake("gave a device", "report /dev/null"),
    Mistake("gave a web address", "report https://example.com/october.csv.gz"),
    Mistake("gave a bucket", "merge s3://bucket/exports/"),
    Mistake("gave a report without all rows", "report report"),
    # Files that are not exports
    Mistake("gave the invoice", "report invoice.pdf"),
    Mistake("saved the export in Excel", "report workbook.xlsx"),
    Mistake("renamed a workbook", "report renamed.csv"),
    Mistake("gave an archive", "report october.zip"),
    Mistake("gave a tar archive", "merge october.tar.gz"),
    Mistake("converted the export", "report october.parquet"),
    Mistake("saved the login page", "report login.html"),
    Mistake("saved the error of an expired link", "report expired.csv.gz"),
    Mistake("gave a report's summary", "report summary.json"),
    Mistake("gave a report's table", "report projects.csv"),
    Mistake("gave a FOCUS file", "report focus.csv"),
    Mistake("gave a table of CircleCI's plan page", "report plan.csv"),
    Mistake("left columns out", "report few_columns.csv"),
    Mistake("split a file, so the pieces have no header", "report no_header.csv"),
    Mistake("saved with a German Excel", "report german.csv"),
    Mistake("pasted from a spreadsheet", "report tabs.csv"),
    Mistake("redirected with PowerShell", "report unicode.csv"),
    Mistake("let Excel change the dates", "report excel-dates.csv"),
    Mistake("let Excel change the numbers", "report excel-numbers.csv"),
    Mistake("compressed twice", "report twice.csv.gz"),
    Mistake("cloned without Git LFS", "report pointer.csv.gz"),
    Mistake("touched the file instead of downloading it", "report nothing.csv"),
    Mistake("canceled the download", "report cut.csv.gz"),
    Mistake("gave the store's ledger", "report store/ledger.json"),
    Mistake("gave the settings file", "report usage.yml"),
    # Outputs
    Mistake("wrote the report into the exports", "report exports -o exports"),
    Mistake("wrote the report over a file", "report exports -o invoice.pdf"),
    Mistake("wrote the report into the store", "report --store store -o store"),
    Mistake("wrote over somebody else's page", "report exports -o site --no-merged"),
    Mistake("merged into one of the files", "merge exports/a.csv cut.csv.gz -o exports/a.csv"),
    Mistake("merged into a workbook", "merge exports -o all.xlsx"),
    Mistake("merged into a folder", "merge exports -o exports"),
    # The store
    Mistake("reported before any export", "report"),
    Mistake("merged before any export", "merge"),
    Mistake("mistyped the store", "prune --store stroe"),
    Mistake("pruned a folder of exports", "prune --store exports"),
    Mistake("gave a file as the store", "status --store exports/a.csv"),
    Mistake("gave the export's file as the store", "report --store exports/a.csv"),
    exporting("exported into a file", STORE_DIR="exports/a.csv"),
    Mistake(
        "chose days that were not exported",
        "report --store store --from 2026-05-01 --to 2026-05-31",
    ),
    Mistake("edited a file of the store", f"report --store edited {MARCH}"),
    Mistake("removed a file of the store", f"report --store missing {MARCH}"),
    Mistake("edited the ledger", "status --store broken"),
    Mistake("went back to an older version", "status --store newer"),
    # The report folder
    Mistake("pushed before any report", "push datadog --dry-run"),
    Mistake("pushed the store", "push datadog --dry-run --report store"),
    Mistake("pushed a file", "push datadog --dry-run --report report/summary.json"),
    Mistake("checked before any report", "check --config usage.yml"),
    Mistake("checked a folder of exports", "check --config usage.yml --report exports"),
    Mistake("pushed a report of another version", "push datadog --dry-run --report old"),
    Mistake("edited the summary", "push datadog --dry-run --report edited-report"),
    # Questions about costs
    Mistake("grouped by an unknown dimension", "costs report --by projct"),
    Mistake("grouped by week", "costs report --by week"),
    Mistake("forgot the dimension", "costs report --where web"),
    Mistake("filtered by an unknown dimension", "costs report --where os=linux"),
    Mistake("filtered by a variable that is not set", "costs report --where project="),
    Mistake("mistyped the metric", "costs report --metric runs"),
    Mistake("mistyped the granularity", "costs report --granularity monthly"),
    Mistake("mistyped the format", "costs report --format md"),
    Mistake("wanted no groups", "costs report --top none"),
    Mistake("asked about days of another report", "costs report --from 2025-01-01 --to 2025-01-31"),
    Mistake("mixed a report with exports", "costs report exports"),
    Mistake("gave a report another price", "costs report --price-per-credit 0.0005"),
    Mistake("asked a report of an older version", "costs old"),
    Mistake("edited the explorer", "costs edited-report"),
    # CircleCI
    exporting("set no token", CIRCLECI_API_TOKEN=" "),
    exporting("kept the quotes of the .env file", CIRCLECI_API_TOKEN=f'"{SECRET}"'),
    exporting("copied the example", CIRCLECI_API_TOKEN="your-token"),
    exporting("used a variable that docker does not expand", CIRCLECI_API_TOKEN="$CIRCLE_TOKEN"),
    exporting("used a project token", CIRCLECI_API_TOKEN="CCIPRJ_" + SECRET),
    exporting("copied two tokens", CIRCLECI_API_TOKEN="", CIRCLE_TOKEN=f"{SECRET} {SECRET}"),
    exporting("pasted a whole file", CIRCLECI_API_TOKEN=SECRET * 5_000),
    exporting("copied two lines", CIRCLECI_API_TOKEN=f"{SECRET}\nORG_ID"),
    exporting("wrote a duration as the last day", CIRCLECI_API_TOKEN_EXPIRES="90 days"),
    exporting("kept the quotes of the last day", CIRCLECI_API_TOKEN_EXPIRES='"2027-02-24"'),
    exporting("used a revoked token", CIRCLECI_API_TOKEN="CCIPAT_revoked"),
    exporting("set no organization", ORG_ID=""),
    exporting("mixed up the variables", ORG_ID="ccipat_pasted_0123456789abcdef"),
    exporting("pasted the page's address", ORG_ID="https://app.circleci.com/pipelines/github/acme"),
    exporting("mistyped the organization", ORG_ID="gh/tidewern"),
    exporting("gave the name alone", ORG_ID="tidewren"),
    exporting("gave a project", ORG_ID="gh/tidewren/web"),
    exporting("gave another organization's id", ORG_ID="11111111-2222-4333-8444-555555555555"),
    exporting(
        "may not export one of two",
        ORG_ID="11111111-2222-4333-8444-555555555555,66666666-2222-4333-8444-555555555555",
    ),
    exporting("separated by semicolons", ORG_ID="gh/tidewren;gh/tidewren-apps"),
    exporting("left out https", CIRCLECI_URL="circleci.com"),
    exporting("added a path", CIRCLECI_URL="{circleci}/app"),
    exporting("put the token into the address", CIRCLECI_URL="https://token@circleci.com"),
    exporting("used plain HTTP", CIRCLECI_URL="http://circleci.example.com"),
    Mistake("gave the address of a page", "doctor", {**CIRCLECI, "CIRCLECI_URL": "{page}"}),
    exporting(
        "mistyped the proxy", HTTPS_PROXY="proxy.example.com:port", CIRCLECI_URL="https://c.io"
    ),
    # Logging in
    Mistake("logged in from a CI job", "login", {"CI": "true"}),
    Mistake("logged in on a machine without a keyring", "login"),
    Mistake("gave the web app of CircleCI server alone", "login --app-url https://ci.example.com"),
    logging_in("left out the web app's https", CIRCLECI_APP_URL="app.example.com"),
    logging_in("gave the web app's plain HTTP", CIRCLECI_APP_URL="http://app.example.com"),
    logging_in("gave the address of another site's page", CIRCLECI_APP_URL="{page}"),
    Mistake("logged out on a machine without a keyring", "logout"),
    # Datadog
    pushing("set no key", DATADOG_API_KEY=""),
    pushing("kept the quotes of the key", DATADOG_API_KEY="'0123456789abcdef'"),
    pushing("copied the example's key", DATADOG_API_KEY="<api-key>"),
    pushing("called the site as Datadog's menu does", DATADOG_SITE="EU1"),
    pushing("mistyped the site", DATADOG_SITE="datadog.eu"),
    pushing("used the key of another site"),
    pushing("left out Datadog's https", DATADOG_URL="api.datadoghq.com"),
    Mistake("created a dashboard with the API key alone", "datadog-dashboard --create", DATADOG),
    Mistake("mistyped a dashboard", "datadog-dashboard cost"),
    Mistake("created a monitor", "datadog-dashboard monitor-budget --create", DATADOG),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with what people have lying about."""
    for name, (content, _) in FOREIGN.items():
        (tmp_path / name).write_bytes(content)
    changed = {
        "exports/a.csv": export_csv(),
        "excel-dates.csv": export_csv(JOB_RUN_DATE="10/1/2026 0:00"),
        "excel-numbers.csv": export_csv(COMPUTE_CREDITS="1,234", TOTAL_CREDITS="1,234"),
        "nothing.csv": b"",
        "cut.csv.gz": FOREIGN["twice.csv.gz"][0][:-9],
        "downloads/october.zip": FOREIGN["october.zip"][0],
        "notes/todo.txt": b"buy milk\n",
        "site/index.html": b"<html>",
        "usage.yml": b"budgets: [{name: everything, per: month, amount: 5000}]\n",
        "broken/ledger.json": b"{",
        "old/summary.json": b'{"schema_version": 1}',
        "edited-report/summary.json": b'{"schema_version": 2',
        "edited-report/explore.html": b"<html>",
    }
    for path, content in changed.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(content)
    (tmp_path / "empty").mkdir()
    _make_stores(tmp_path)
    run_here("report", "exports", "-o", "report", "--no-merged", cwd=tmp_path, env={})
    return tmp_path


def _make_stores(folder: Path) -> None:
    for name in ("store", "edited", "missing", "newer"):
        store_with(folder / name, Export("2026-03-01", "2026-03-31", "2026-04-09", [[job_run()]]))
    [edited] = (folder / "edited" / "parts").iterdir()
    edited.write_bytes(edited.read_bytes()[:-1] + b"?")
    [missing] = (folder / "missing" / "parts").iterdir()
    missing.unlink()
    ledger = folder / "newer" / "ledger.json"
    ledger.write_text(json.dumps(json.loads(ledger.read_text()) | {"version": 99}))


@pytest.fixture
def addresses() -> Iterator[dict[str, str]]:
    """Services that the variables of a mistake can name."""
    with (
        small_circleci() as circleci,
        small_circleci() as page,
        DatadogIntake(SystemClock()) as datadog,
    ):
        page.faults = lambda _: HTML_PAGE
        servers: dict[str, StandIn | DatadogIntake] = {
            "circleci": circleci,
            "page": page,
            "datadog": datadog,
        }
        yield {name: server.url for name, server in servers.items()}


def test_each_mistake_gets_an_answer(folder: Path, addresses: dict[str, str]) -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    documented = set(re.findall(r"^\| (\d+) \|", readme, re.MULTILINE))
    blocks = []
    for mistake in MISTAKES:
        env = {name: text.format(**addresses) for name, text in (mistake.env or {}).items()}
        done = run_here(*split(mistake.command), cwd=folder, env=env)
        lines = [*done.err.splitlines(), *done.out.splitlines()]
        answer = next(line for line in lines if line.startswith(("Error: ", "FIX ")))
        assert str(done.code) in documented - {"0", "1"}, (mistake, done)
        assert SECRET not in done.err + done.out
        blocks.append(f"{mistake.what}\n$ {mistake.command}\n{done.code}: {answer}\n")
    text = "\n".join(blocks).replace(f"{folder}/", "")
    for name, address in addresses.items():
        text = text.replace(address.removeprefix("http://"), f"({name})")
    assert_golden("mistakes.txt", text)
