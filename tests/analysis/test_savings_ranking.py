"""Actions in order of money, each dollar counted once."""

from collections import defaultdict
from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from circleci_usage.analysis.savings import Action, Dismissal, Saved, Savings, SavingsSettings
from circleci_usage.analysis.savings.actions import Certainty, Kind, Lever, Place
from circleci_usage.analysis.savings.ranking import rank
from circleci_usage.schema.keys import JobClassKey

TODAY = date(2026, 11, 1)


def place(job: str) -> Place:
    return Place(JobClassKey("o", "acme", "p", "web", "build", job, "docker", "large"), "compute")


def action(
    kind: Kind,
    certainty: Certainty,
    lever: Lever,
    saved: int,
    job: str = "test",
    of: int = 100,
) -> Action:
    there = place(job)
    part = Saved(there, Decimal(of), Decimal(of), Decimal(saved), Decimal(saved))
    return Action(kind, there.key, certainty, "low", lever, (part,))


def ranked(*actions: Action) -> Savings:
    return rank(actions, SavingsSettings(), TODAY)


GENERATION = action("next generation", "certain", "rate", 28)
SMALLER = action("smaller class", "likely", "rate", 50)
RERUNS = action("reruns", "likely", "runs", 20)


def test_of_two_classes_only_the_difference_counts_for_the_less_certain_one() -> None:
    found = ranked(SMALLER, GENERATION)

    assert found.counted("certain") == 28
    assert found.counted("likely") == 22
    assert [each.action.kind for each in found.actions] == ["next generation", "smaller class"]
    assert found.actions[0].excludes == (SMALLER.id,)


def test_fewer_runs_save_what_the_cheaper_class_leaves() -> None:
    found = ranked(RERUNS, GENERATION)

    assert found.counted("likely") == Decimal("14.40")


def test_what_is_worth_a_look_is_in_no_total_and_comes_last() -> None:
    look = action("canceled late", "worth a look", "runs", 90)

    found = ranked(look, RERUNS)

    assert found.counted("worth a look") == 0
    assert [each.action for each in found.actions] == [RERUNS, look]


def test_a_dismissal_ends() -> None:
    dismissal = Dismissal("a test of the new class runs", date(2026, 11, 1), ("next generation",))
    settings = SavingsSettings(dismissals=(dismissal,))

    today, tomorrow = (rank([GENERATION], settings, date(2026, 11, day)) for day in (1, 2))

    assert [each.action for each in today.dismissed] == [GENERATION]
    assert today.counted("certain") == 0
    assert tomorrow.counted("certain") == 28


def test_what_saves_less_than_the_minimum_is_not_listed_and_counts() -> None:
    small = action("reruns", "likely", "runs", 4, "lint")

    found = rank([GENERATION, small], SavingsSettings(Decimal(5)), TODAY)

    assert [each.action for each in found.listed] == [GENERATION]
    assert [each.action for each in found.small] == [small]
    assert found.counted("likely") == 4


ACTIONS = st.lists(
    st.builds(
        action,
        st.sampled_from(("next generation", "smaller class", "reruns", "never passes")),
        st.sampled_from(("certain", "likely", "worth a look")),
        st.sampled_from(("rate", "runs")),
        st.integers(0, 100),
        st.sampled_from("abc"),
    ),
    max_size=8,
    unique_by=lambda action: action.id,
)


@given(ACTIONS)
def test_no_place_saves_more_than_it_costs(actions: list[Action]) -> None:
    found = ranked(*actions)

    counted: defaultdict[str, Decimal] = defaultdict(Decimal)
    for each in found.actions:
        assert 0 <= each.counted <= (each.action.cost or 0)
        counted[each.action.where.job] += each.counted
    assert all(saved <= 100 + len(actions) * Decimal("0.01") for saved in counted.values())


@given(ACTIONS)
def test_the_order_in_which_they_are_found_does_not_matter(actions: list[Action]) -> None:
    assert ranked(*actions) == ranked(*reversed(actions))
