"""The settings file: what it means, and the errors of a wrong one."""

import hashlib
import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from circleci_usage.analysis.analyze import AnalysisSettings
from circleci_usage.analysis.budget_scope import BudgetScope
from circleci_usage.analysis.budgets import Budget
from circleci_usage.analysis.people_settings import PeopleSettings
from circleci_usage.config.settings_file import load_settings_file
from circleci_usage.config.settings_model import SettingsFile
from circleci_usage.core.errors import SettingsError
from circleci_usage.costs.included_credits import IncludedCredits
from circleci_usage.costs.pricing import PricePeriod
from circleci_usage.costs.resource_rates import public_rates
from circleci_usage.costs.rules import Patterns, Rule
from circleci_usage.costs.shared_costs import SharedCosts
from circleci_usage.costs.splits import Split
from paths import ROOT
from whole_settings import WHOLE


def load(folder: Path, text: str) -> SettingsFile:
    (folder / "usage.yml").write_text(text, encoding="utf-8")
    return load_settings_file(folder / "usage.yml")


def test_every_section_is_read(tmp_path: Path) -> None:
    file = load(tmp_path, WHOLE)

    prices = file.price_list()
    assert prices.periods == (
        PricePeriod(date(2025, 11, 1), date(2026, 5, 1), Decimal("0.0006")),
        PricePeriod(
            date(2026, 5, 1),
            None,
            Decimal("0.00054"),
            {"storage": Decimal("0.0005"), "user": Decimal("0.0006")},
        ),
    )
    assert (prices.currency, prices.list_price) == ("USD", Decimal("0.0006"))
    assert prices.included == IncludedCredits(Decimal(30000))
    assert prices.checksum == hashlib.sha256(WHOLE.encode()).hexdigest()
    ownership = file.ownership()
    assert ownership.rules == (
        Rule("payments", Patterns(projects=("pay-*", "acme/billing"))),
        Rule(
            "mobile",
            Patterns(projects=("ios-*",), jobs=("*macos*",), branches=("release/*",)),
        ),
        Rule(
            "mobile",
            Patterns(
                organizations=("acme*",),
                workflows=("ci",),
                jobs=("ios-*",),
                resource_classes=("macos.*",),
                executors=("macos",),
                triggers=("webhook",),
            ),
            Patterns(jobs=("*-lint",), branches=("renovate/*",)),
        ),
    )
    assert ownership.splits == (
        Split(
            Rule("", Patterns(projects=("mono",)), Patterns(jobs=("docs",))),
            {"payments": Decimal("33.3333"), "mobile": Decimal("66.6667")},
        ),
    )
    assert ownership.shared == SharedCosts(
        "fixed",
        frozenset({"user"}),
        ("ci-tools",),
        {"payments": Decimal("66.5"), "mobile": Decimal("33.5")},
    )
    assert ownership.tags == {"cost_center": {"payments": "0471", "unallocated": "none"}}
    assert file.all_budgets() == (
        Budget("everything", Decimal(5000)),
        Budget(
            "api",
            Decimal(9000),
            per="week",
            scope=BudgetScope("acme", "api"),
            measure="credits",
            thresholds=(Decimal(50), Decimal("99.5")),
        ),
        Budget(
            "seats",
            Decimal(9),
            "mobile",
            "year",
            BudgetScope(tags=(("cost_center", "0471"),), credit_type="user"),
        ),
        Budget(
            "runs",
            Decimal(9),
            per="quarter",
            scope=BudgetScope(excluded_credit_types=("storage", "user")),
        ),
        Budget("payments", Decimal(800), "payments"),
    )
    assert file.analysis().people == PeopleSettings(
        show="names",
        are_hashed=True,
        names={"7bc3345f-0000-4000-8000-000000000001": "Jane Doe"},
        teams={"7bc3345f-0000-4000-8000-000000000001": "payments"},
    )
    machine = file.all_rates().find("docker", "medium")
    assert machine is not None
    assert machine.credits_per_minute == Decimal("9.5")
    assert file.analysis().default_branches == ("production", "release/*", "main")


def test_the_analyses_get_budgets_rates_and_the_least_anomaly(tmp_path: Path) -> None:
    file = load(
        tmp_path, "budgets: [{name: all, per: month, amount: 5000}]\nanomalies: {minimum: 2.50}\n"
    )

    settings = file.analysis()

    assert (settings.budgets, settings.least_anomaly) == (
        (Budget("all", Decimal(5000)),),
        Decimal("2.50"),
    )
    assert settings.rates == public_rates()
    assert SettingsFile().analysis() == AnalysisSettings()


def test_a_price_never_passes_through_a_float(tmp_path: Path) -> None:
    file = load(tmp_path, "pricing: [{from: 2026-01-01, price_per_credit: 0.123456789012345678}]")

    assert str(file.price_list().periods[0].price) == "0.123456789012345678"


def test_the_default_is_the_list_price(tmp_path: Path) -> None:
    file = load(tmp_path, "# nothing yet\nteams:\n")

    assert [period.price for period in file.price_list().periods] == [Decimal("0.0006")]
    assert file.ownership().rules == ()


def test_without_periods_the_list_price_of_the_file_holds(tmp_path: Path) -> None:
    file = load(tmp_path, "currency: EUR\nlist_price_per_credit: 0.00055")

    assert [period.price for period in file.price_list().periods] == [Decimal("0.00055")]


def test_the_billing_cycle_moves_budgets_and_what_is_free(tmp_path: Path) -> None:
    file = load(
        tmp_path,
        "billing_cycle_day: 15\n"
        "included_credits: {per: cycle, amount: 30000}\n"
        "free_seats: 5\n"
        "seat_credits: 40000\n"
        "teams: [{name: web, jobs: [a], budget: {per: cycle, amount: 80}}]\n"
        "budgets: [{name: all, per: cycle, amount: 100}, {name: month, per: month, amount: 90}]\n",
    )

    prices = file.price_list()
    assert prices.billing_cycle_day == 15
    assert prices.free == (
        IncludedCredits(Decimal(200_000), frozenset({"user"})),
        IncludedCredits(Decimal(30_000)),
    )
    assert [(budget.name, budget.per) for budget in file.all_budgets()] == [
        ("all", "cycle"),
        ("month", "month"),
        ("web", "cycle"),
    ]


def test_seats_are_not_free_by_default(tmp_path: Path) -> None:
    assert load(tmp_path, "seat_credits: 40000").price_list().free == ()


def test_a_flag_replaces_the_prices_and_keeps_the_rest(tmp_path: Path) -> None:
    prices = load(tmp_path, WHOLE).price_list(Decimal("0.001"))

    assert [period.price for period in prices.periods] == [Decimal("0.001")]
    assert prices.list_price == Decimal("0.0006")
    assert prices.included is not None


def test_another_currency_needs_a_price(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="in EUR but has no price per credit") as error:
        load(tmp_path, "currency: EUR").price_list()
    assert error.value.exit_code == 2


USER = "7bc3345f-0000-4000-8000-00000000000a"
PERIOD = "{from: 2026-01-01, to: 2026-01-31, price_per_credit: 0.0006}"


MISTAKES = {
    "no default branches": (
        "default_branches: []",
        "line 1, default_branches: the list is empty",
    ),
    "a default branch that is not in a list": (
        "default_branches: main",
        "line 1, default_branches: expected a list",
    ),
    "a default branch without a name": (
        "default_branches:\n  - main\n  - ' '",
        "line 3, default_branches",
    ),
    "a gap": (
        f"pricing:\n  - {PERIOD}\n  - {{from: 2026-02-03, price_per_credit: 1}}",
        "line 1, pricing: there is no price for 2026-02-01 to 2026-02-02",
    ),
    "a gap of a day": (
        f"pricing:\n  - {PERIOD}\n  - {{from: 2026-02-02, price_per_credit: 1}}",
        "there is no price for 2026-02-01 to 2026-02-01",
    ),
    "an overlap": (
        f"pricing:\n  - {PERIOD}\n  - {{from: 2026-01-31, price_per_credit: 1}}",
        "line 1, pricing: .* from 2026-01-01 and from 2026-01-31 overlap on 2026-01-31",
    ),
    "an inner overlap": (
        f"pricing:\n  - {{from: 2026-01-10, to: 2026-01-12, price_per_credit: 1}}\n  - {PERIOD}",
        "overlap on 2026-01-10",
    ),
    "two open ends": (
        (
            "pricing: [{from: 2026-01-01, price_per_credit: 1},"
            " {from: 2026-03-01, price_per_credit: 1}]"
        ),
        "2026-01-01 and from 2026-03-01 both have no `to`",
    ),
    "an open end in the middle": (
        f"pricing: [{{from: 2025-01-01, price_per_credit: 1}}, {PERIOD}]",
        "2025-01-01 and from 2026-01-01 overlap on 2026-01-01",
    ),
    "an inverted period": (
        "pricing:\n  - {from: 2026-02-01, to: 2026-01-31, price_per_credit: 1}",
        r"line 2, pricing\[0\]: the period ends on 2026-01-31, before its start on 2026-02-01",
    ),
    "no start": (
        "pricing:\n  - price_per_credit: 1",
        r"line 2, pricing\[0\].from: this key is required",
    ),
    "an impossible day": (
        "pricing:\n  - from: 2026-02-30\n    price_per_credit: 1",
        r"line 2, pricing\[0\].from: '2026-02-30' is not a date; write it as YYYY-MM-DD",
    ),
    "a Unix time": (
        "pricing: [{from: 1714521600, price_per_credit: 1}]",
        "'1714521600' is not a date",
    ),
    "a negative price": (
        "pricing:\n  - from: 2026-01-01\n    price_per_credit: -0.0006",
        r"line 3, pricing\[0\].price_per_credit: '-0.0006' is negative",
    ),
    "a price in words": (
        "list_price_per_credit: cheap",
        "line 1, list_price_per_credit: 'cheap' is not a number",
    ),
    "a price without an end": ("list_price_per_credit: inf", "'inf' is not a finite number"),
    "a price of too many digits": ("list_price_per_credit: 1e-40", "at most 38 are allowed"),
    "an unknown key": ("prices: []\ncurrency: USD", "line 1, prices: unknown key"),
    "an unknown key inside": (
        "pricing:\n  - from: 2026-01-01\n    price_per_credit: 1\n    until: 2026-02-01",
        r"line 4, pricing\[0\].until: unknown key",
    ),
    "an unknown credit type": (
        "pricing:\n  - {from: 2026-01-01, price_per_credit: 1, by_credit_type: {users: 1}}",
        "unknown credit type 'users'; choose from compute, dlc, user,",
    ),
    "a shared unknown credit type": (
        "teams: [{name: a, jobs: [a]}]\nshared_costs: {credit_types: [seats]}",
        r"line 2, shared_costs.credit_types\[0\]: unknown credit type 'seats'",
    ),
    "a currency by name": ("currency: dollars", "line 1, currency: 'dollars' is not a currency"),
    "a day that no month has": (
        "billing_cycle_day: 32",
        "line 1, billing_cycle_day: '32' is not a day of a month; write a number from 1 to 31",
    ),
    "a day before any month": ("billing_cycle_day: 0", "'0' is not a day of a month"),
    "a day in words": ("billing_cycle_day: first", "'first' is not a day of a month"),
    "another cycle": (
        "included_credits: {per: week, amount: 1}",
        "included_credits.per: 'week' is not one of 'month' or 'cycle'",
    ),
    "an unknown cycle": (
        "budgets:\n  - {name: a, per: cycle, amount: 1}",
        "line 1, budgets: `per: cycle` requires `billing_cycle_day`",
    ),
    "an unknown cycle of a team": (
        "teams: [{name: a, jobs: [a], budget: {per: cycle, amount: 1}}]",
        "teams: `per: cycle` requires `billing_cycle_day`",
    ),
    "included in an unknown cycle": (
        "included_credits: {per: cycle, amount: 1}",
        "included_credits: `per: cycle` requires `billing_cycle_day`",
    ),
    "half a seat": ("free_seats: 2.5", "line 1, free_seats: '2.5' is not a whole number"),
    "less than no seats": ("free_seats: -1", "'-1' is negative"),
    "a team of nothing": ("teams:\n  - name: a", r"line 2, teams\[0\]: nothing is named"),
    "a team by our name": (
        "teams: [{name: unallocated, jobs: [a]}]",
        "cannot be called 'unallocated'",
    ),
    "two budgets of a team": (
        "teams:\n  - &a {name: a, jobs: [a], budget: {per: month, amount: 1}}\n  - *a",
        "the team 'a' has two budgets",
    ),
    "two budgets of a name": (
        "budgets: [{name: a, per: month, amount: 1}, {name: a, per: month, amount: 2}]",
        "duplicate budget name 'a'",
    ),
    "nothing shared": (
        "teams: [{name: a, jobs: [a]}]\nshared_costs: {split: even}",
        "line 2, shared_costs: nothing is shared",
    ),
    "no teams to share": (
        "shared_costs: {credit_types: [user]}",
        "there are no teams to split shared costs among",
    ),
    "weights that miss 100": (
        (
            "teams: [{name: a, jobs: [a]}]\nshared_costs:"
            " {credit_types: [user], split: fixed, weights: {a: 99.5}}"
        ),
        "the weights sum to 99.5; they must sum to 100",
    ),
    "weights of an unknown team": (
        (
            "teams: [{name: a, jobs: [a]}]\nshared_costs:"
            " {credit_types: [user], split: fixed, weights: {b: 100}}"
        ),
        "unknown team 'b'; known teams: a",
    ),
    "weights without use": (
        "teams: [{name: a, jobs: [a]}]\nshared_costs: {credit_types: [user], weights: {a: 100}}",
        "`weights` require `split: fixed`, not proportional",
    ),
    "another split": (
        "teams: [{name: a, jobs: [a]}]\nshared_costs: {credit_types: [user], split: fair}",
        "'fair' is not one of 'proportional', 'even' or 'fixed'",
    ),
    "a tag of an unknown team": (
        "tags: {cost_center: {b: 1}}",
        "line 1, tags: unknown team 'b'; known teams: none",
    ),
    "a tag by a column's name": ("tags: {team: {}}", "a tag cannot be called 'team'"),
    "a new machine without a size": (
        "rates: [{executor: docker, name: giant, credits_per_minute: 1}]",
        "docker giant is a new class; add vcpus, ram_gb",
    ),
    "people shown otherwise": (
        "people:\n  show: mails",
        "line 2, people.show: 'mails' is not one of 'no', 'ids' or 'names'",
    ),
    "a hash of another kind": (
        "people: {hash: sha1}",
        "line 1, people.hash: 'sha1' is not true or false",
    ),
    "a user by name": (
        "people: {users: {jane: {name: Jane Doe}}}",
        "line 1, people.users.jane: 'jane' is not the id of a user; write it as in",
    ),
    "a user twice": (
        f"people:\n  users:\n    {USER}: {{name: Jane}}\n    {USER.upper()}: {{name: Ravi}}",
        f"line 2, people.users: duplicate user '{USER}'",
    ),
    "a user of an unknown team": (
        f"teams: [{{name: web, jobs: [a]}}]\npeople: {{users: {{{USER}: {{team: wep}}}}}}",
        "line 2, people: unknown team 'wep'; known teams: web; did you mean web?",
    ),
    "nothing about a user": (
        f"people: {{users: {{{USER}: {{}}}}}}",
        f"people.users.{USER}: nothing is said about the user; add `name` or `team`",
    ),
    "an unknown key of a user": (
        f"people:\n  users:\n    {USER}: {{nmae: Jane}}",
        f"line 3, people.users.{USER}.nmae: unknown key; did you mean name",
    ),
    "a list of people": ("people: [Jane]", "line 1, people: expected keys with values"),
    "a list": ("- currency: USD", "line 1, the file: expected keys with values"),
    "no list": ("teams: payments", "line 1, teams: expected a list"),
    "a key twice": (
        "currency: USD\ncurrency: EUR",
        "cannot be parsed: line 2: duplicate key 'currency'",
    ),
    "no YAML": ("currency: [", "cannot be parsed: line 1"),
}


@pytest.mark.parametrize(("text", "message"), MISTAKES.values(), ids=MISTAKES.keys())
def test_an_error_names_the_line_and_the_key(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message) as error:
        load(tmp_path, text)
    assert error.value.exit_code == 2
    assert str(tmp_path / "usage.yml") in str(error.value)


def test_all_errors_are_reported_at_once(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as error:
        load(tmp_path, "currency: x\nbudget: 1\nteams: [{name: a}]")

    assert [line.split(",")[0].strip() for line in str(error.value).splitlines()[1:]] == [
        "line 1",
        "line 3",
        "line 2",
    ]


def test_a_file_that_cannot_be_read_is_reported(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read: Is a directory"):
        load_settings_file(tmp_path)
    (tmp_path / "latin.yml").write_bytes("# für uns".encode("latin-1"))
    with pytest.raises(SettingsError, match="not UTF-8"):
        load_settings_file(tmp_path / "latin.yml")


@pytest.mark.parametrize("document", ["README.md", "scripts/circleci_usage/demo/usage.yml"])
def test_the_examples_are_sound(document: str, tmp_path: Path) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    example = next(
        (
            block
            for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
            if "pricing:" in block
        ),
        text,
    )

    assert load(tmp_path, example).ownership().teams
