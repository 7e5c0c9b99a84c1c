"""The report on a terminal."""

import io

import pytest
from rich.console import Console

from circleci_usage.render.text.terminal import terminal_summary
from circleci_usage.render.view.report_view import ReportView
from circleci_usage.report import Report
from golden import assert_golden
from sample_reports import acme_report, empty_report, hostile_report


def printed(report: Report, width: int = 100) -> str:
    screen = Console(file=io.StringIO(), width=width, color_system=None, force_terminal=True)
    screen.print(terminal_summary(ReportView(report)))
    assert isinstance(screen.file, io.StringIO)
    return screen.file.getvalue()


def test_a_report() -> None:
    assert_golden("terminal.txt", printed(acme_report()))


def test_nothing_used() -> None:
    assert_golden("terminal-empty.txt", printed(empty_report()))


@pytest.mark.parametrize("width", [60, 100, 200])
def test_hostile_names_do_not_act(width: int) -> None:
    shown = printed(hostile_report(), width)

    assert not {letter for letter in shown if not letter.isprintable()} - {"\n"}
    assert max(map(len, shown.splitlines())) <= width
