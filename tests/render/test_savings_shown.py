"""Savings on the page and in messages: each action in a plain sentence, totals that agree."""

import json
import re
from dataclasses import replace
from decimal import Decimal
from functools import cache

import pytest

from circleci_usage.analysis.savings import Savings, SavingsSettings
from circleci_usage.analysis.savings.actions import Number
from circleci_usage.analysis.savings.evidence import FACTS
from circleci_usage.analysis.savings.ranking import rank
from circleci_usage.render.email.mail import email_html
from circleci_usage.render.page.sections.savings import savings_section
from circleci_usage.render.page.tables import Cell, PageTable
from circleci_usage.render.text.savings_words import (
    action_in_words,
    evidence_in_words,
    subject_of,
)
from circleci_usage.render.text.top_savings import savings_in_words
from circleci_usage.render.view.report_view import ReportView
from circleci_usage.report import Report
from circleci_usage.schema.keys import JobKey
from rendered import page, sentences, slack_json, summary_md
from sample_reports import acme_report, empty_report, hostile_report
from savings import DISMISSED, KINDS, TODAY, action, with_savings

JOB = JobKey("o", "acme", "p", "web", "build", "test")


@cache
def report() -> Report:
    return with_savings(acme_report())


def tables(of: Report) -> dict[str, PageTable]:
    section = savings_section(ReportView(of))
    assert section
    return {table.title: table for table in section.tables}


def texts(table: PageTable) -> list[list[str]]:
    return [
        [str(cell.text if isinstance(cell, Cell) else cell) for cell in row] for row in table.rows
    ]


def test_each_action_says_what_to_do_where_and_what_it_saves() -> None:
    found = tables(report())

    assert [*found] == ["Savings", "Worth a look", "Dismissed"]
    first = [*found["Savings"].rows[1]]
    assert isinstance(first[0], Cell)
    assert (first[0].text, first[0].detail) == ("2. Move test down to medium", "acme/ios · ship")
    assert texts(found["Savings"])[1][1:4] == ["$30.00", "Likely", "Low"]
    assert isinstance(first[4], Cell)
    assert first[4].detail == "Saves $50.00 alone; $20.00 of that is counted with number 5."


def test_small_actions_are_summed_up_and_dismissed_ones_have_their_reason() -> None:
    found = tables(report())

    assert found["Savings"].note == "1 smaller action saves $0.40 a month."
    assert texts(found["Dismissed"])[1][3:] == [DISMISSED, "December 31, 2026"]
    assert texts(found["Dismissed"])[0][3:] == ["for good", "for good"]
    assert ["Add runners for acme/metal, whose jobs wait in the queue", "unknown"] in [
        row[:2] for row in texts(found["Worth a look"])
    ]


def test_the_list_sums_to_the_totals_and_the_section_and_the_sentence_agree() -> None:
    savings = report().findings.savings
    section = savings_section(ReportView(report()))

    counted = sum(each.counted for each in (*savings.listed, *savings.small))
    assert savings.counted("certain") + savings.counted("likely") == counted
    assert section
    assert section.total == (
        "$169.27",
        "potential monthly savings: $20.00 certain and $149.27 likely.",
    )
    said = [each.text for each in sentences(report())]
    assert said[-1] == "Savings of $20.00 a month are certain, $149.27 likely."
    assert counted == Decimal("169.27")


def test_no_kind_to_look_at_hides_the_others() -> None:
    jobs = [JOB._replace(job=f"job {place}") for place in range(30)]
    actions = [action("canceled late", job, 90) for job in jobs] + [action("slow queue", JOB, 0)]
    found = replace(report().findings, savings=rank(actions, SavingsSettings(), TODAY))

    table = tables(replace(report(), findings=found))["Worth a look"]

    amounts = [row[1] for row in texts(table)]
    assert amounts == ["$90.00", "$90.00", "unknown"]
    assert table.note.startswith("28 more actions. ")


def test_without_savings_nothing_is_said() -> None:
    assert savings_in_words(Savings(), "USD") == ""
    nothing = replace(report().findings, savings=Savings())
    without = replace(report(), findings=nothing)
    assert savings_section(ReportView(without)) is None
    assert savings_section(ReportView(empty_report())) is None
    assert "Top savings" not in summary_md(without)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_has_its_sentence(kind: str) -> None:
    (found,) = [each for each in KINDS if each == kind]
    sentence = action_in_words(action(found, JOB, 1))

    assert subject_of(action(found, JOB, 1)) == sentence.names[0]
    assert sentence.text.count("{}") == len(sentence.names)
    assert sentence.naming(str)[0].isupper()


def test_evidence_is_read_with_its_units() -> None:
    facts: dict[str, Number] = {"runs": 1240, "p95_cpu": 31.4, "speed_up": Decimal("1.25")}
    found = replace(action("smaller class", JOB, 1), evidence=facts)

    assert evidence_in_words(found) == "1,240 runs, p95 of CPU peaks 31%, stated speed-up 1.25×"
    assert evidence_in_words(replace(found, evidence={"runs": 1})) == "1 run"
    assert len(evidence_in_words(action("storage", JOB, 1)).split(", ")) == len(FACTS)


def test_messages_have_the_three_that_save_most() -> None:
    message = json.dumps(json.loads(slack_json(report())), ensure_ascii=False)
    text = summary_md(report())
    mail = email_html(ReportView(report()))

    assert "Move test down to medium in acme/ios · ship" in message
    assert "| Move `test` down to `medium` in `acme/ios · ship` | $30.00 | likely |" in text
    assert "Top savings" in mail
    for shown in (message, text, mail):
        assert "Fix or stop the schedule" not in shown


def test_hostile_names_stay_names() -> None:
    hostile = with_savings(hostile_report())

    shown = page(hostile)
    assert "<b>release" not in shown
    assert "<script>alert" not in shown
    assert "<img src=x" not in shown
    assert not re.search(r"[$`\\]", slack_json(hostile).replace("\\n", ""))
    assert "<b>release" not in email_html(ReportView(hostile))
