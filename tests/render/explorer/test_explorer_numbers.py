"""Random questions to explore.html in a real Chromium: every number equals the oracle's."""

import json
from collections.abc import Callable, Iterator
from decimal import localcontext
from typing import Any

import pytest
from selenium import webdriver

from browser import Browser, chromium_driver
from explorer_expected import View, differences, plain
from explorer_oracle import Amounts, Answer, Question
from explorer_page import ExplorerPage
from explorer_questions import address, arguments, random_questions
from explorer_reports import Explored, difficult_report, huge_report
from inprocess import run_here

QUESTIONS = 200
IN_TERMINAL = 40


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
