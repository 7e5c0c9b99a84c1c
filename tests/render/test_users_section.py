"""Users on the page: numbers always, each of them only where the settings file says so."""

from hashlib import sha256
from pathlib import Path

import pytest

from circleci_usage.render.page.sections.users import users_section
from circleci_usage.render.page.tables import Cell, PageTable, PageTables
from circleci_usage.render.view.report_view import ReportView
from rendered import page
from report_factory import report_from_settings
from rows import Row, job_run
from sample_reports import HOSTILE_NAMES

JANE = "7bc3345f-0000-4000-8000-000000000001"


def rows() -> list[Row]:
    """Jane, 21 others, a schedule, somebody without an account, and seats."""
    nothing = dict.fromkeys(("PROJECT_ID", "PROJECT_NAME", "JOB_NAME"), "\\\\N")
    others = [
        job_run(
            str(100 + number),
            PIPELINE_TRIGGER_USER_ID=f"user-{number}",
            PIPELINE_TRIGGER_SOURCE="webhook",
            IS_UNREGISTERED_USER="false",
        )
        for number in range(21)
    ]
    webhook = {"PIPELINE_TRIGGER_SOURCE": "webhook"}
    return [
        *others,
        job_run("5000", PIPELINE_TRIGGER_USER_ID=JANE, **webhook),
        job_run("2000", PIPELINE_TRIGGER_SOURCE="schedule", IS_UNREGISTERED_USER="true"),
        job_run("1000", IS_UNREGISTERED_USER="true", **webhook),
        job_run("0", USER_CREDITS="25000", JOB_RUN_DATE="2026-03-01", **nothing),
    ]


def section(folder: Path, settings: str = "", report_rows: list[Row] | None = None) -> PageTables:
    report = report_from_settings(folder, rows() if report_rows is None else report_rows, settings)
    found = users_section(ReportView(report))
    assert found is not None
    return found


def texts(table: PageTable) -> list[list[str]]:
    return [[_text(cell) for cell in row] for row in table.rows]


def _text(cell: Cell | str) -> str:
    if isinstance(cell, str):
        return cell
    return str(f"{cell.text} {cell.detail}".strip())


def test_the_numbers_of_users_are_shown_without_any_of_them(tmp_path: Path) -> None:
    users = section(tmp_path)

    assert users.facts == [
        ("Active users", "22", "21 registered"),
        ("Unregistered users", "not known", "the export has no ids of people without an account"),
        ("Cost of users", "$4.39", "22 job runs"),
        ("Cost of people without an account", "$0.60", "1 job run"),
        ("Cost of automation", "$1.20", "1 job run"),
    ]
    months, triggers = users.tables
    assert texts(months) == [
        ["March 2026 (partial)", "$4.39", "22", "–", "22", "$1.20", "1", "$15.00", "–"],
    ]
    assert texts(triggers) == [
        ["User seats", "$15.00", "70.8%", "1"],
        ["schedule", "$1.20", "5.7%", "1"],
        ["webhook people without an account", "$0.60", "2.8%", "1"],
    ]
    assert "see people in the settings file" in users.hint


@pytest.mark.parametrize(
    ("how", "name"),
    [
        ("show: ids", JANE),
        ("show: names", "Jane Doe"),
        ("show: ids, hash: true", sha256(JANE.encode()).hexdigest()[:16]),
    ],
)
def test_the_most_expensive_users_on_request(tmp_path: Path, how: str, name: str) -> None:
    person = "{name: Jane Doe, team: payments}"
    teams = "teams: [{name: payments, projects: [pay]}]"

    users = section(tmp_path, f"{teams}\npeople: {{{how}, users: {{{JANE}: {person}}}}}\n")

    table = users.tables[0]
    first, second, *_ = texts(table)
    assert first == [f"{name} payments", "$3.00", "14.2%", "1", "not known"]
    assert second[1:] == ["$0.07", "0.3%", "1", "yes"]
    assert [len(table.rows), table.note] == [20, "2 more users"]
    assert "see people in the settings file" not in users.hint


def test_nothing_is_said_where_the_export_has_no_users(tmp_path: Path) -> None:
    report = report_from_settings(tmp_path, [job_run()])

    assert users_section(ReportView(report)) is None


def test_hostile_names_of_users_are_harmless(tmp_path: Path) -> None:
    names = [name for name in HOSTILE_NAMES if name.isprintable() and name.strip()]
    ids = [f"7bc3345f-0000-4000-8000-{number:012}" for number in range(len(names))]
    quoted = [name.replace("'", "''")[:200] for name in names]
    people = "".join(
        f"    {user}: {{name: '{name}'}}\n" for user, name in zip(ids, quoted, strict=True)
    )
    report_rows = [job_run(PIPELINE_TRIGGER_USER_ID=user) for user in ids]

    text = page(
        report_from_settings(tmp_path, report_rows, f"people:\n  show: names\n  users:\n{people}")
    )

    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "<script>alert(1)" not in text
    assert "<img src=x" not in text
    assert "<svg/onload" not in text
