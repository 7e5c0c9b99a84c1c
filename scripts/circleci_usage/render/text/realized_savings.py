"""What jobs save that moved to another resource class, in a sentence."""

from collections.abc import Iterator

from circleci_usage.render.formatting import money, number_of
from circleci_usage.render.text.materiality import worth_saying
from circleci_usage.render.text.sentence import Sentence
from circleci_usage.report import Report


def realized_savings_in_words(report: Report) -> Iterator[Sentence]:
    """What they save together, and what was predicted, where that is worth a sentence."""
    found = report.findings.realized_savings
    if not found.changes or not worth_saying(found.saved):
        return
    jobs, is_one = number_of(len(found.changes), "job"), len(found.changes) == 1
    amount = money(abs(found.saved), report.currency)
    predicted = money(found.predicted, report.currency)
    if found.saved > 0:
        effect = f"{'saves' if is_one else 'save'} {amount} a month"
    else:
        effect = f"{'costs' if is_one else 'cost'} {amount} more a month"
    change = f"{jobs} that moved to another resource class"
    yield Sentence(f"{change} {effect} (predicted savings: {predicted}).")
