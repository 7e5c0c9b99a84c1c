"""`costs` as a user runs it: from a report folder, export files and the store."""

import csv
import json
import random
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fnmatch import fnmatchcase
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from circleci_usage.demo.company.exportfile import write_part
from circleci_usage.schema.export_columns import EXPORT_COLUMNS
from commandline import Finished
from inprocess import run_here
from recorded_store import Export, store_with
from rows import job_run

SETTINGS = """
pricing:
  - {from: 2020-01-01, to: 2026-03-09, price_per_credit: 0.0006}
  - {from: 2026-03-10, price_per_credit: 0.00054, by_credit_type: {storage: 0.0005}}
teams:
  - {name: payments, projects: ["pay-*"]}
  - {name: mobile, projects: ["ios"], jobs: ["*macos*"]}
shared_costs: {credit_types: [dlc], split: proportional}
"""
MARCH = ("--from", "2026-03-01", "--to", "2026-03-31")
HOSTILE = ["=cmd|' /C calc'!A0", "<script>alert(1)</script>", "a`b|c\x1b[2J", "x,\ny"]

Row = dict[str, str]


def rows_at_random(dice: random.Random) -> Iterator[tuple[str, ...]]:
    projects = ["pay-gateway", "pay-ledger", "ios", "web"]
    for number in range(400):
        project = dice.choice(projects)
        yield job_run(
            str(dice.randrange(200)),
            JOB_ID=str(number),
            PROJECT_NAME=project,
            PROJECT_ID=f"id of {project}",
            JOB_NAME=dice.choice(["test", "lint", "macos-ui", "build & test"]),
            WORKFLOW_NAME=dice.choice(["ci", "nightly"]),
            JOB_BUILD_STATUS=dice.choice(["success", "success", "failed"]),
            JOB_RUN_DATE=f"2026-03-{dice.randint(2, 30):02}",
            JOB_RUN_SECONDS=str(dice.randrange(600)),
            DLC_CREDITS=dice.choice(["0", "0", "12"]),
            STORAGE_CREDITS=dice.choice(["0", "0.5", "3.25"]),
        )


@dataclass(frozen=True)
class Place:
    """A folder with export files, a store of the same, and a report on them."""

    folder: Path
    rows: Sequence[Row]

    def run(self, *arguments: str) -> Finished:
        return run_here("costs", *arguments, cwd=self.folder, env={})

    def records(self, *arguments: str) -> list[dict[str, Any]]:
        done = self.run(*arguments, "--format", "json")
        assert done.code == 0, done.err
        found: list[dict[str, Any]] = json.loads(done.out)
        return found

    def table(self, name: str) -> list[Row]:
        text = (self.folder / "report/tables" / f"{name}.csv").read_text()
        return [*csv.DictReader(StringIO(text))]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder = tmp_path_factory.mktemp("costs")
    rows = [*rows_at_random(random.Random(18))]
    (folder / "exports").mkdir()
    write_part(folder / "exports/part.csv.gz", rows)
    store_with(folder / "store", Export("2026-03-01", "2026-03-31", "2026-04-09", [rows]))
    (folder / ".circleci").mkdir()
    (folder / ".circleci/usage.yml").write_text(SETTINGS)
    made = run_here("report", "exports", *MARCH, "-o", "report", cwd=folder, env={})
    assert made.code == 0, made.err
    return Place(folder, [dict(zip(EXPORT_COLUMNS, row, strict=True)) for row in rows])


@pytest.mark.parametrize(
    ("dimension", "table"),
    [
        ("team", "teams"),
        ("project", "projects"),
        ("status", "statuses"),
        ("credit_type", "credit_types"),
        ("resource_class", "resource_classes"),
    ],
)
def test_groups_cost_what_the_report_says_to_the_last_digit(
    place: Place, dimension: str, table: str
) -> None:
    lines = {line[dimension]: line for line in place.table(table)}

    every = place.records("report", "--by", dimension)

    # Runs without any credits have no credit type.
    records = [record for record in every if record[dimension] != "(none)"]
    assert {record[dimension] for record in records} == lines.keys()
    for record in records:
        line = lines[record[dimension]]
        assert (record["credits"], record["cost"]) == (line["credits"], line["cost"])
        assert record["job_runs"] == int(line["job_runs"])


def test_files_store_and_report_give_the_same_answer(place: Place) -> None:
    question = ("--by", "team,job", "--where", "status!=failed", *MARCH, "--granularity", "week")

    of_report = place.records("report", *question)

    assert len(of_report) > 20
    assert place.records("report/explore.html", *question) == of_report
    assert place.records("exports", *question) == of_report
    assert place.records("--store", "store", *question) == of_report


CREDITS = {"COMPUTE_CREDITS": "compute", "DLC_CREDITS": "dlc", "STORAGE_CREDITS": "storage"}
COLUMNS = {
    "project": "PROJECT_NAME",
    "job": "JOB_NAME",
    "workflow": "WORKFLOW_NAME",
    "status": "JOB_BUILD_STATUS",
}
PATTERNS = {
    "project": ["pay-*", "web", "i?s"],
    "job": ["test", "*l*", "build & test"],
    "workflow": ["ci"],
    "status": ["failed", "s*"],
}


def price(credit_type: str, day: str) -> Decimal:
    if day < "2026-03-10":
        return Decimal("0.0006")
    return Decimal("0.0005") if credit_type == "storage" else Decimal("0.00054")


class Asked:
    """A random question, and its answer from the rows of the export alone."""

    def __init__(self, dice: random.Random) -> None:
        self.by = dice.sample([*COLUMNS, "credit_type"], dice.randrange(4))
        self.granularity = dice.choice(["", "day", "week", "month"])
        self.first, self.last = sorted(f"2026-03-{dice.randint(1, 31):02}" for _ in "12")
        dimensions = dice.sample([*COLUMNS], dice.randrange(3))
        self.where = [
            (name, dice.choice(["=", "!="]), dice.sample(PATTERNS[name], 1)) for name in dimensions
        ]

    def flags(self) -> list[str]:
        filters = [f"{name}{sign}{','.join(values)}" for name, sign, values in self.where]
        granularity = ["--granularity", self.granularity] if self.granularity else []
        repeated = [word for each in filters for word in ("--where", each)]
        days = ["--from", self.first, "--to", self.last]
        return ["--by", ",".join(self.by), *days, *granularity, *repeated]

    def holds(self, row: Row) -> bool:
        if not self.first <= row["JOB_RUN_DATE"] <= self.last:
            return False
        return all(
            any(fnmatchcase(row[COLUMNS[name]], value) for value in values) == (sign == "=")
            for name, sign, values in self.where
        )

    def bucket(self, row: Row) -> list[str]:
        day = date.fromisoformat(row["JOB_RUN_DATE"])
        monday = day - timedelta(days=day.weekday())
        labels = {"": [], "day": [str(day)], "week": [str(monday)], "month": [str(day)[:7]]}
        return labels[self.granularity]

    def answer(self, rows: Sequence[Row]) -> dict[tuple[str, ...], tuple[Decimal, Decimal, int]]:
        sums: dict[tuple[str, ...], list[Any]] = defaultdict(lambda: [Decimal(0), Decimal(0), 0])
        for row in filter(self.holds, rows):
            names = {name: row[column] for name, column in COLUMNS.items()}
            for column, credit_type in CREDITS.items():
                names["credit_type"] = credit_type
                key = (*self.bucket(row), *(names[name] for name in self.by))
                credits = Decimal(row[column])
                sums[key][0] += credits
                sums[key][1] += credits * price(credit_type, row["JOB_RUN_DATE"])
                sums[key][2] += int(self._counts(credit_type, credits))
        return {key: tuple(each) for key, each in sums.items() if any(each)}

    def _counts(self, credit_type: str, credits: Decimal) -> bool:
        """Whether a run counts here: once, or with each credit type that it used."""
        return bool(credits) if "credit_type" in self.by else credit_type == "compute"


@pytest.mark.parametrize("seed", range(10))
def test_random_questions_are_answered_as_the_rows_of_the_export_say(
    place: Place, seed: int
) -> None:
    asked = Asked(random.Random(seed))

    records = place.records("report", *asked.flags())

    keys = [{"day": "date"}.get(asked.granularity, asked.granularity)] * bool(asked.granularity)
    found = {
        tuple(each[key] for key in (*keys, *asked.by)): (
            Decimal(each["credits"]),
            Decimal(each["cost"]),
            each["job_runs"],
        )
        for each in records
        if each.get("credit_type") != "(none)"
    }
    expected = asked.answer(place.rows)
    if not asked.by and not asked.granularity:
        expected = expected or {(): (Decimal(0), Decimal(0), 0)}
    assert found == expected, asked.flags()


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A report whose names are attacks."""
    folder = tmp_path_factory.mktemp("hostile")
    rows = [
        job_run(str(number), JOB_ID=str(number), PROJECT_NAME=name, PROJECT_ID=str(number))
        for number, name in enumerate(HOSTILE, start=1)
    ]
    (folder / "exports").mkdir()
    write_part(folder / "exports/part.csv.gz", rows)
    made = run_here("report", "exports", "-o", "report", cwd=folder, env={})
    assert made.code == 0, made.err
    return Place(folder, ())


TABLE = """\
Cost by project, March 2, 2026

Project                         Cost   Share  Credits  Job runs
x, y                          <$0.01   40.0%        4         1
a`b|c�[2J                       <$0.01   30.0%        3         1
2 others                      <$0.01   30.0%        3         2
Total                          $0.01  100.0%       10         4
"""


def test_a_table_for_people_is_rounded_and_ends_with_the_link(hostile: Place) -> None:
    done = hostile.run("report", "--top", "2")

    *lines, blank, link = done.out.splitlines()
    assert done.code == 0, done.err
    assert [" ".join(line.split()) for line in lines] == [
        " ".join(line.split()) for line in TABLE.splitlines()
    ]
    assert blank == ""
    page = hostile.folder / "report" / "explore.html"
    assert link == f"Explorer: {page}#from=2026-03-02&to=2026-03-02&top=2"


def test_the_link_says_the_same_question(hostile: Place) -> None:
    filters = ("--where", r"project=x\,*,a`b*", "--where", "status!=failed", "--where", "project=?")
    question = ("--by", "team,job,status", *filters, "--granularity", "month")
    address = (
        "#by=team,job&project=x%5C,*,a%60b*,?&status!=failed&from=2026-03-02&to=2026-03-02"
        "&granularity=month"
    )

    of_files = hostile.run("exports", *question)
    as_csv = hostile.run("report", *question, "--format", "csv")
    quiet = hostile.run("report", *question, "--format", "csv", "--quiet")

    assert of_files.out.splitlines()[-1] == f"In the explorer of a report: explore.html{address}"
    page = hostile.folder / "report" / "explore.html"
    assert as_csv.err.splitlines()[-1] == f"Explorer: {page}{address}"
    assert "explore.html" not in as_csv.out
    assert (quiet.code, quiet.out) == (0, as_csv.out)
    assert "explore.html" not in quiet.err


def test_no_name_acts_in_csv(hostile: Place) -> None:
    done = hostile.run("report", "--format", "csv", "--metric", "cost_per_run")

    assert "\x1b" not in done.out
    lines = [*csv.reader(StringIO(done.out))]
    assert lines == [
        ["project", "credits", "cost", "job_runs", "cost_per_run"],
        ["x,\ny", "4", "0.0024", "1", "0.0024"],
        ["a`b|c\\x1b[2J", "3", "0.0018", "1", "0.0018"],
        ["<script>alert(1)</script>", "2", "0.0012", "1", "0.0012"],
        ["'=cmd|' /C calc'!A0", "1", "0.0006", "1", "0.0006"],
    ]


def test_no_name_acts_in_markdown(hostile: Place) -> None:
    done = hostile.run("report", "--format", "markdown", "--where", "project!=web|*")

    assert done.out.splitlines()[:-1] == [
        "**Cost by project, March 2, 2026**, where `project!=web\\|*`",
        "",
        "| Project | Cost | Share | Credits | Job runs |",
        "| --- | ---: | ---: | ---: | ---: |",
        "| `x, y` | <$0.01 | 40.0% | 4 | 1 |",
        "| `` a`b\\|c�[2J `` | <$0.01 | 30.0% | 3 | 1 |",
        "| `<script>alert(1)</script>` | <$0.01 | 20.0% | 2 | 1 |",
        "| `=cmd\\|' /C calc'!A0` | <$0.01 | 10.0% | 1 | 1 |",
        "| Total | $0.01 | 100.0% | 10 | 4 |",
        "",
    ]
    assert done.out.splitlines()[-1].startswith("Explorer: `/")


def test_json_has_the_rest_only_if_it_is_asked_for(hostile: Place) -> None:
    every = hostile.records("report")
    some = hostile.records("report", "--top", "1", "--metric", "run_minutes")

    assert [record["project"] for record in every] == [*reversed(HOSTILE)]
    assert some[0].keys() == {"project", "credits", "cost", "job_runs", "run_minutes"}
    assert some[1] == {
        "project": None,
        "credits": str(10 - int(some[0]["credits"])),
        "cost": "0.0048",
        "job_runs": 3,
        "run_minutes": "3",
        "others": 3,
    }


def test_totals_alone_and_nothing_at_all(hostile: Place) -> None:
    totals = {"credits": "10", "cost": "0.006", "job_runs": 4}

    assert hostile.records("report", "--by", "") == [totals]
    assert hostile.records("report", "--where", "job=nothing") == []
    done = hostile.run("report", "--where", r"project=x\,y", "--by", "")
    assert "Warning: --where project: nothing is called x\\,y; did you mean x\\,\\ny?\n" in done.err
    assert re.search(r"^Total +\$0\.00 +0 +0$", done.out, re.MULTILINE), done.out


def test_job_runs_that_are_not_known_say_why(place: Place) -> None:
    question = ("report", "--where", "credit_type=compute,dlc", "--by", "project")

    done = place.run(*question)

    assert "not known" in done.out
    assert "Job runs are not known: a run may have used several of the credit types" in done.err
    assert {record["job_runs"] for record in place.records(*question)} == {None}


def test_missing_days_and_credits_without_a_price_are_told(place: Place) -> None:
    settings = place.folder / "later.yml"
    settings.write_text("pricing: [{from: 2026-03-10, price_per_credit: 0.001}]")
    flags = ("--config", "later.yml", "--allow-unpriced", *MARCH)

    done = place.run("exports", *flags, "--format", "csv", "--by", "")

    [line] = csv.DictReader(StringIO(done.out))
    credits, unpriced = Decimal(line["credits"]), Decimal(line["unpriced_credits"])
    assert Decimal(line["cost"]) == (credits - unpriced) * Decimal("0.001")
    assert re.search(
        r"^Warning: No price is known for [\d,]+ credits: the costs do not include them\.$",
        done.err,
        re.MULTILINE,
    )
    assert "Warning: The usage of 2026-03-01" in done.err
    refused = place.run("exports", "--config", "later.yml")
    assert refused.code == 2


def test_days_that_are_not_known_are_left_out(place: Place) -> None:
    done = place.run("report", "--from", "2026-01-01", "--to", "2026-03-05", "--by", "")

    assert done.code == 0
    assert "Warning: Only 2026-03-01 to 2026-03-31 are known; other days are left out." in done.err
    assert "#by=&from=2026-03-01&to=2026-03-05" in done.out


KNOWN = "organization, project, team, "
MISTAKES = {
    "report --by teem": "--by teem: unknown dimension; did you mean team? Choose from " + KNOWN,
    "report --json": "circleci-usage costs has no option --json; did you mean --format?",
    "report --group-by team": ("circleci-usage costs has no option --group-by; did you mean --by?"),
    "report --by month": "--by month: month is not a dimension; use --granularity day, week or",
    "report --where web": "--where web: not a filter; write DIMENSION=VALUE or",
    "report --where projct=web": "--where projct=web: unknown dimension; did you mean project?",
    "report --where project=": "--where project=: a value is empty; write one after each = and",
    "report --metric dollars": "--metric dollars: invalid value; choose from cost, credits, ",
    "report --granularity weekly": "--granularity weekly: invalid value; did you mean week?",
    "report --format xlsx": "--format xlsx: invalid value; choose from table, csv, json, markd",
    "report --top many": "--top: 'many' is not a whole number; write one.",
    "report --top 0": "--top: '0' is too small; the least is 1.",
    "report --from 2026-03-09 --to 2026-03-02": "The start date is after the end date: --from",
    "report --from 2025-01-01 --to 2025-01-31": "No costs are known of the chosen days (set by",
    "report exports": "report is a report folder, which can only be read alone; name it alone,",
    "report --price-per-credit 1": "--price-per-credit cannot change the costs of the report",
    "report --config later.yml": "--config cannot change the costs of the report report; omit",
    "nothere": "There is no file or folder nothere; check the path.",
    "without": "without has no explore.html; make the report again with circleci-usage report.",
}


@pytest.mark.parametrize("command", MISTAKES)
def test_a_mistake_gets_an_answer(place: Place, command: str) -> None:
    (place.folder / "without").mkdir(exist_ok=True)
    (place.folder / "without/summary.json").write_text("{}")

    done = place.run(*command.split())

    assert done.code == 2
    assert not done.out or "--json" in command
    assert done.err.splitlines()[-1].startswith(f"Error: {MISTAKES[command]}"), done.err


@pytest.mark.parametrize("damage", ["empty", "cut", "changed"])
def test_a_damaged_explorer_is_exit_code_6(place: Place, damage: str, tmp_path: Path) -> None:
    page = (place.folder / "report/explore.html").read_bytes()
    inside = page.index(b'id="data">') + 500
    damaged = {
        "empty": b"",
        "cut": page[:inside],
        "changed": page[:inside] + b"AAAA" + page[inside + 4 :],
    }
    (tmp_path / "explore.html").write_bytes(damaged[damage])

    done = place.run(str(tmp_path))

    assert (done.code, done.out) == (6, "")
    assert "explore.html is damaged, or was made by another version; make the" in done.err
