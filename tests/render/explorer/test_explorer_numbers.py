"""Random questions to explore.html in a real Chromium: every number equals the oracle's."""

import json
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal, localcontext
from typing import Any

import pytest
from selenium import webdriver

from browser import Browser, chromium_driver
from circleci_usage.report import Report
from explorer_expected import View, differences, plain
from explorer_oracle import Amounts, Answer, Question
from explorer_page import ExplorerPage
from explorer_questions import address, arguments, random_questions
from explorer_reports import Explored, difficult_report, huge_report, shared_report
from inprocess import run_here

QUESTIONS = 200
IN_TERMINAL = 40
CHARGED = ("credits", "list_cost", "cost", "job_runs")


@pytest.fixture(scope="module", autouse=True)
def exact() -> Iterator[None]:
    with localcontext(prec=100):
        yield


@pytest.fixture(scope="module")
def driver() -> Iterator[webdriver.Chrome]:
    yield from chromium_driver()


@pytest.fixture(scope="module")
def difficult(tmp_path_factory: pytest.TempPathFactory) -> Explored:
    return difficult_report(tmp_path_factory.mktemp("difficult"))


@pytest.fixture(scope="module")
def huge(tmp_path_factory: pytest.TempPathFactory) -> Explored:
    return huge_report(tmp_path_factory.mktemp("huge"))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Explored:
    return shared_report(tmp_path_factory.mktemp("shared"))


def test_every_number_equals_the_oracle(
    driver: webdriver.Chrome, difficult: Explored, record_property: Callable[[str, object], None]
) -> None:
    questions = random_questions(difficult.usage, QUESTIONS)
    page = ExplorerPage(Browser(driver), difficult.page)

    compare(page, difficult, questions)

    assert page.browser.log("browser") == []
    record_property("count: questions to the explorer", QUESTIONS)


def test_amounts_beyond_javascripts_numbers_are_exact(
    driver: webdriver.Chrome, huge: Explored
) -> None:
    units = plain(huge.usage.answer(Question()).totals.of("cost")).replace(".", "")
    assert int(units) > 2**80

    compare(
        ExplorerPage(Browser(driver), huge.page),
        huge,
        random_questions(huge.usage, 40, seed=53),
    )


def test_shared_costs_are_charged_to_teams_as_in_the_report(
    driver: webdriver.Chrome, shared: Explored
) -> None:
    whole, by_team, by_both = ExplorerPage(Browser(driver), shared.page).ask(
        ["by=", "by=team", "by=team,project&top=100"]
    )

    charged = charged_in_report(shared.report)
    found = {row.names: cells_of(row.cells) for row in by_team.rows}
    assert found == charged
    for name in CHARGED:
        total = Decimal(dict(whole.totals)[name])
        assert total == sum(amounts[name] for amounts in charged.values())
        assert total == Decimal(plain(shared.usage.answer(Question()).totals.of(name)))
        children = sum(Decimal(row.cells[name]) for row in by_both.rows if len(row.names) == 2)
        assert children == total


def charged_in_report(report: Report) -> dict[tuple[str, ...], dict[str, Decimal]]:
    """Team → what the report charges it, if anything."""
    lines = report.breakdowns["teams"].lines.to_dict("records")
    found = {(line["team"],): cells_of(line) for line in lines}
    return {team: amounts for team, amounts in found.items() if any(amounts.values())}


def cells_of(cells: Mapping[Any, Any]) -> dict[str, Decimal]:
    return {name: Decimal(cells[name]) for name in CHARGED}


def compare(page: ExplorerPage, explored: Explored, questions: list[Question]) -> None:
    addresses = [address(each) for each in questions]
    for question, shown in zip(questions, page.ask(addresses), strict=True):
        expected = View(explored.usage, question).expected()
        found = differences(expected, shown, question.metric)
        assert found == [], (address(question), found[:8])


def test_the_terminal_says_the_same(difficult: Explored) -> None:
    for question in random_questions(difficult.usage, IN_TERMINAL, seed=40):
        done = run_here(
            *("costs", str(difficult.folder), *arguments(question), "--format", "json"),
            cwd=difficult.folder,
            env={},
        )

        assert done.code == 0, done.err
        answer = difficult.usage.answer(question)
        assert records(done.out, question) == expected_records(answer, question), question


def records(text: str, question: Question) -> dict[tuple[str, ...], dict[str, Any]]:
    found = {}
    for record in json.loads(text):
        names = tuple(record.pop(name) for name in question.by)
        found[names] = {
            key: record[key] for key in ("credits", "cost", "job_runs", question.metric)
        }
    return found


def expected_records(answer: Answer, question: Question) -> dict[tuple[str, ...], dict[str, Any]]:
    groups = answer.groups if question.by else {(): answer.totals}
    leaves = {names: sums for names, sums in groups.items() if len(names) == len(question.by)}
    return {names: _record(sums, question.metric) for names, sums in leaves.items()}


def _record(sums: Amounts, metric: str) -> dict[str, Any]:
    texts = {name: plain(sums.of(name)) or None for name in ("credits", "cost", metric)}
    return {**texts, "job_runs": sums.job_runs}
