"""What there is to save, in a sentence and the first actions: the same in every short format."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from circleci_usage.analysis.savings import Savings
from circleci_usage.analysis.savings.ranking import RankedAction
from circleci_usage.render.formatting import money, shortened, visible_name
from circleci_usage.render.text.materiality import worth_saying
from circleci_usage.render.text.savings_words import CERTAINTIES, action_in_words
from circleci_usage.render.text.sentence import Sentence
from circleci_usage.render.view.action_names import action_names
from circleci_usage.render.view.report_view import ReportView


@dataclass(frozen=True)
class TopSaving:
    """An action that counts in the totals.

    Attributes:
        action: what to do.
        around: the project and workflow that this is in; empty where the action says it.
        saved: money a month.
        certainty: how sure that is, in lower case.
    """

    action: Sentence
    around: str
    saved: str
    certainty: str


def savings_in_words(savings: Savings, currency: str) -> str:
    """`Savings of $155.41 a month are certain, $24.06 likely.`; empty where that is little."""
    certain, likely = savings.counted("certain"), savings.counted("likely")
    if not worth_saying(certain + likely):
        return ""
    if not certain:
        return f"Savings of {money(likely, currency)} a month are likely."
    also = f", {money(likely, currency)} likely" if likely else ""
    return f"Savings of {money(certain, currency)} a month are certain{also}."


def savings_sentence(view: ReportView) -> Iterator[Sentence]:
    """The same as a sentence of the report."""
    words = savings_in_words(view.report.findings.savings, view.currency)
    if words:
        yield Sentence(words)


def top_savings(view: ReportView, limit: int, label_length: int) -> Sequence[TopSaving]:
    """The actions that count most; none where the sentence says nothing either.

    Args:
        view: the report.
        limit: how many.
        label_length: longer names lose their middle.
    """
    savings = view.report.findings.savings
    if not savings_in_words(savings, view.currency):
        return ()
    counting = [each for each in savings.listed if each.counted]
    return [_top(each, view, label_length) for each in counting[:limit]]


def _top(ranked: RankedAction, view: ReportView, label_length: int) -> TopSaving:
    names = action_names(ranked.action, view)
    sentence = action_in_words(ranked.action, names.subject)
    *shown, around = shortened([*map(visible_name, sentence.names), names.around], label_length)
    return TopSaving(
        action=Sentence(sentence.text, tuple(shown)),
        around=around,
        saved=money(ranked.counted, view.currency),
        certainty=CERTAINTIES[ranked.action.certainty].lower(),
    )
