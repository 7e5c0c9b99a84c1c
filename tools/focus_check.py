"""`make focus`: validates focus.csv with the FinOps tools, and its sums against the report.

Each version is validated by day and by job.

Each tool gets its own environment inside .venv, because neither works in the project's:
focus-validator needs Python 3.12 and an old pyarrow. Run it with the project's Python:
`python tools/focus_check.py [PYTHON ...]`. The arguments are candidates for a Python 3.12 or newer.
"""

import csv
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory
from xml.etree import ElementTree as ET

from circleci_usage.core.decimals import plain
from circleci_usage.core.periods import Period
from circleci_usage.cost_files.focus import write_focus
from circleci_usage.demo.company.company import Company
from circleci_usage.report import Report
from circleci_usage.schema.report_files import FOCUS_DETAILS
from report_factory import report_from_settings

ENVIRONMENTS = Path(sys.prefix) / "focus"
PYTHONS = ("python3.14", "python3.13", "python3.12", "python3")
VALIDATOR = ("focus-validator==2.2.1", "pyarrow<22")
TOOLKIT = ("focus-data-toolkit",)

# Null fails this rule, anything else fails InvoiceId-C-004: exports have no invoices.
UNAVOIDABLE = {"InvoiceId-C-005-C"}

DAYS = Period.of_days(date(2026, 8, 25), date(2026, 9, 6))
SETTINGS = """\
list_price_per_credit: 0.0006
pricing:
  - {from: 2026-01-01, to: 2026-08-31, price_per_credit: 0.00058}
  - {from: 2026-09-01, price_per_credit: 0.00054, by_credit_type: {storage: 0.0005, user: 0.0006}}
included_credits: {per: month, amount: 30000}
teams: [{name: payments, projects: ["pay-*"]}, {name: mobile, projects: ["ios-*", "android-*"]}]
shared_costs: {credit_types: [user], split: even}
tags: {cost_center: {payments: "4711"}}
"""


def main(pythons: Sequence[str]) -> int:
    """Check both versions in each detail; return 0 if there are no findings."""
    python = new_enough(pythons or PYTHONS)
    if python is None:
        say(
            "make focus needs Python 3.12 or newer for focus-validator;"
            " specify one with PYTHON=/path/to/python3."
        )
        return 1
    with TemporaryDirectory() as name:
        findings = [*checked(Path(name), python)]
    for finding in findings:
        say(f"  {finding}")
    say(f"{len(findings)} findings.")
    return 1 if findings else 0


def checked(folder: Path, python: str) -> Iterator[str]:
    """What the tools find in the files of each detail."""
    company = Company(scale=0.2)
    rows = [row for day in DAYS for row in company.rows(day)]
    for detail in FOCUS_DETAILS:
        say(f"By {detail}:")
        own = folder / detail
        report = report_from_settings(own, rows, SETTINGS, period=DAYS, focus_detail=detail)
        yield from check_1_2(report, own, python)
        yield from check_1_4(report, own, python)


def new_enough(pythons: Sequence[str]) -> str | None:
    """The first of these that is Python 3.12 or newer."""
    check = "import sys, venv; sys.exit(sys.version_info < (3, 12))"
    for python in filter(which, pythons):
        if subprocess.run([python, "-c", check], check=False, capture_output=True).returncode == 0:
            return python
    return None


def check_1_2(report: Report, folder: Path, python: str) -> Iterator[str]:
    """What focus-validator finds; it exits with 0 whatever that is, so its JUnit file is read."""
    file, result = folder / "focus-1.2.csv", folder / "result.xml"
    write_focus(report, file, "1.2")
    yield from wrong_sums(report, file)
    tool = installed("focus-validator", VALIDATOR, python)
    (rules,) = tool.parent.parent.glob("lib/python*/site-packages/focus_validator")
    command = [str(tool), "--data-file", str(file), "--validate-version", "1.2", "--block-download"]
    output = ["--output-type", "unittest", "--output-destination", str(result)]
    # It searches for its currency codes below the working directory.
    run = subprocess.run(
        [*command, *output], cwd=rules.parent, check=False, capture_output=True, text=True
    )
    if not result.is_file():
        yield f"focus-validator failed: {run.stderr[-500:]}"
        return
    cases = list(ET.parse(result).iter("testcase"))
    failed = {
        case.attrib["name"].split(" ")[0]: part
        for case in cases
        for part in case
        if part.tag != "skipped"
    }
    say(f"FOCUS 1.2: {len(cases)} rules, failed: {', '.join(failed) or 'none'}.")
    yield from (
        f"{name}: {part.attrib.get('message')}"
        for name, part in failed.items()
        if name not in UNAVOIDABLE
    )


def check_1_4(report: Report, folder: Path, python: str) -> Iterator[str]:
    """The findings of focus-toolkit."""
    file = folder / "focus-1.4.csv"
    write_focus(report, file, "1.4")
    yield from wrong_sums(report, file)
    tool = installed("focus-toolkit", TOOLKIT, python)
    command = [str(tool), "validate", str(file), "--dataset", "cost-and-usage"]
    run = subprocess.run(command, check=False, capture_output=True, text=True)
    say(f"FOCUS 1.4: {run.stdout.splitlines()[0] if run.stdout else run.stderr}")
    if run.returncode:
        yield run.stdout


def wrong_sums(report: Report, file: Path) -> Iterator[str]:
    """The sums of the file that are not the report's."""
    expected = {
        "BilledCost": report.totals.cost,
        "EffectiveCost": report.totals.cost,
        "ContractedCost": report.totals.contracted_cost,
        "ListCost": report.totals.list_cost,
        "ConsumedQuantity": report.totals.credits,
    }
    with file.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    for column, total in expected.items():
        found = sum(Decimal(row[column]) for row in rows)
        if found != total:
            yield f"{file.name}: {column} sums to {found}, the report to {total}"
    say(f"{file.name}: {len(rows):,} rows, {plain(report.totals.cost)} {report.currency}.")


def installed(tool: str, packages: Sequence[str], python: str) -> Path:
    """The tool's command, in its own environment that is created the first time."""
    environment = ENVIRONMENTS / tool
    command = environment / "bin" / tool
    if not command.is_file():
        say(f"Installing {' '.join(packages)}.")
        subprocess.run([python, "-m", "venv", "--clear", environment], check=True)
        subprocess.run(
            [environment / "bin/python", "-m", "pip", "install", "--quiet", *packages], check=True
        )
    return command


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
