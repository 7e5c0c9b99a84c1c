"""What an answer of `costs` leaves out or does not know, a line each."""

from collections.abc import Iterator
from typing import Final

from circleci_usage.analysis.cube import SMALLER
from circleci_usage.cli.text import missing_days
from circleci_usage.core.globs import escaped
from circleci_usage.core.untrusted_text import inert
from circleci_usage.explore.answer import Answer
from circleci_usage.explore.cost_lines import Folded
from circleci_usage.explore.matching import Unmatched
from circleci_usage.render.formatting import number_of

_SHOWN: Final = 60


def cost_warnings(answer: Answer) -> Iterator[str]:
    """How the numbers are not the whole truth."""
    if answer.missing:
        yield f"The usage of {missing_days(answer.missing)} is missing: the costs are incomplete."
    unpriced = answer.totals.unpriced_credits
    if unpriced:
        credits = number_of(unpriced, "credit")
        yield f"No price is known for {credits}: the costs do not include them."
    yield from map(_summed_up, answer.folded)
    yield from map(_matches_nothing, answer.unmatched)


def unknown_runs(answer: Answer) -> Iterator[str]:
    """Why job runs are not known, if they are not."""
    if answer.totals.job_runs is None:
        yield (
            "Job runs are not known: a run may have used several of the credit types that the"
            " filters leave."
        )


def _summed_up(folded: Folded) -> str:
    of_all = number_of(folded.values_before, folded.whose)
    return (
        f"{folded.dimension}: it is {SMALLER} for the {folded.folded:,} smallest of {of_all};"
        " export files have them all."
    )


def _matches_nothing(unmatched: Unmatched) -> str:
    meant = "."
    if unmatched.meant:
        meant = f"; did you mean {inert(escaped(unmatched.meant), _SHOWN)}?"
    pattern = inert(unmatched.pattern, _SHOWN)
    return f"--where {unmatched.dimension}: nothing is called {pattern}{meant}"
