from decimal import Decimal

from circleci_usage.costs.included_credits import IncludedCredits
from circleci_usage.costs.pricing import PriceList, PricePeriod, price
from usage_lines import credit_lines


def free(
    amount: str, *lines: dict[str, str], seats: str = "0", cycle_day: int | None = None
) -> list[Decimal]:
    """The free credits of each line."""
    prices = PriceList(
        "USD",
        (PricePeriod(None, None, Decimal(1)),),
        included=IncludedCredits(Decimal(amount)),
        free_seats=IncludedCredits(Decimal(seats), frozenset({"user"})),
        billing_cycle_day=cycle_day,
    )
    costs = price(*credit_lines(*lines), prices)
    return costs.decimals(costs.lines)["free_credits"].tolist()


def on(day: str, credits: str, kind: str = "compute", job: str = "test") -> dict[str, str]:
    return {"date": day, "credits": credits, "credit_type": kind, "job": job}


def test_the_oldest_day_is_free_first_whatever_the_order_of_the_rows() -> None:
    assert free("100", on("2026-03-03", "70"), on("2026-03-01", "60"), on("2026-03-02", "10")) == [
        30,
        60,
        10,
    ]


def test_every_month_begins_anew_and_keeps_nothing() -> None:
    assert free("100", on("2026-03-31", "60"), on("2026-04-01", "130"), on("2026-04-30", "5")) == [
        60,
        100,
        0,
    ]


def test_exactly_used_up_is_free_to_the_last_credit() -> None:
    assert free("100", on("2026-03-01", "40"), on("2026-03-02", "60"), on("2026-03-03", "1")) == [
        40,
        60,
        0,
    ]


def test_one_credit_too_many_is_charged() -> None:
    assert free("100", on("2026-03-01", "101"), on("2026-03-02", "1")) == [100, 0]


def test_the_last_day_is_free_in_part_each_row_alike() -> None:
    lines = [
        on("2026-03-01", "60", job="a"),
        on("2026-03-01", "20", job="b"),
        on("2026-03-01", "20", job="c"),
    ]

    assert free("50", *lines) == [30, 10, 10]


def test_what_does_not_divide_stays_whole_credits() -> None:
    lines = [
        on("2026-03-01", "10", job="a"),
        on("2026-03-01", "10", job="b"),
        on("2026-03-01", "10", job="c"),
    ]

    assert free("10", *lines) == [4, 3, 3]


def test_fractions_of_credits_are_free_in_fractions() -> None:
    lines = [
        on("2026-03-01", "10", job="a"),
        on("2026-03-01", "10", job="b"),
        on("2026-03-01", "10", job="c"),
    ]

    assert free("10.3", *lines) == [Decimal("3.5"), Decimal("3.4"), Decimal("3.4")]


def test_what_is_free_of_a_type_does_not_depend_on_how_fine_the_rows_are() -> None:
    compute = [
        on("2026-03-01", "3", job="a"),
        on("2026-03-01", "3", job="b"),
        on("2026-03-01", "3", job="c"),
    ]
    storage = on("2026-03-01", "5", "storage")

    fine = free("7", *compute, storage)
    coarse = free("7", on("2026-03-01", "9"), storage)

    assert [sum(fine[:3]), fine[3]] == coarse


def test_a_negative_difference_is_not_what_makes_credits_free() -> None:
    assert free("100", on("2026-03-01", "-5", "other"), on("2026-03-02", "40")) == [0, 40]
    assert free("10", on("2026-03-01", "30"), on("2026-03-01", "-10", "other")) == [15, -5]
    assert free("10", on("2026-03-01", "30"), on("2026-03-01", "-30", "other")) == [0, 0]


def test_none_included_is_nothing_free() -> None:
    assert free("0", on("2026-03-01", "40")) == [0]


def test_included_credits_come_on_the_day_of_the_billing_cycle() -> None:
    lines = [
        on("2026-03-14", "130"),
        on("2026-03-15", "60"),
        on("2026-04-01", "60"),
        on("2026-04-15", "5"),
    ]

    assert free("100", *lines, cycle_day=15) == [100, 60, 40, 5]


def test_a_cycle_of_the_31st_begins_on_the_last_day_of_shorter_months() -> None:
    lines = [
        on("2026-02-27", "130"),
        on("2026-02-28", "130"),
        on("2026-03-30", "5"),
        on("2026-03-31", "5"),
    ]

    assert free("100", *lines, cycle_day=31) == [100, 100, 0, 5]


def test_free_seats_make_seats_free_and_nothing_else() -> None:
    lines = [
        on("2026-03-02", "40"),
        on("2026-03-02", "75000", "user"),
        on("2026-03-09", "75000", "user"),
    ]

    assert free("0", *lines, seats="125000") == [0, 75_000, 50_000]


def test_included_credits_are_used_for_what_free_seats_leave() -> None:
    lines = [on("2026-03-02", "40"), on("2026-03-02", "75000", "user"), on("2026-03-09", "30")]

    assert free("100", *lines, seats="74970") == [40, 75_000, 30]


def test_free_seats_come_anew_with_each_cycle() -> None:
    lines = [
        on("2026-03-14", "80", "user"),
        on("2026-03-15", "80", "user"),
        on("2026-04-14", "80", "user"),
    ]

    assert free("0", *lines, seats="50", cycle_day=15) == [50, 50, 0]
