"""Plausible mistakes in a settings file, each with its line and what was probably meant."""

import os
import re
from pathlib import Path

import pytest

from circleci_usage.config.settings_file import SettingsFile, load_settings_file
from circleci_usage.core.errors import SettingsError

TEAM = "teams: [{name: payments, jobs: ['*']}]\n"

MISTAKES = {
    "a key": ("teems: []", "line 1, teems: unknown key; did you mean teams?"),
    "a key without a value": ("\nteems:\n", "line 2, teems: unknown key; did you mean teams?"),
    "a capital": ("Teams: []", "line 1, Teams: unknown key; did you mean teams?"),
    "dashes": ("billing-cycle-day: 3", "unknown key; did you mean billing_cycle_day?"),
    "a key of a team": (
        "teams:\n  - name: a\n    project: [x]",
        "line 3, teams[0].project: unknown key; did you mean projects?",
    ),
    "a key of a budget of a team": (
        "teams:\n  - name: a\n    jobs: [x]\n    budget: {per: month, amuont: 4}",
        "line 4, teams[0].budget.amuont: unknown key; did you mean amount?",
    ),
    "a key of a price period": (
        "pricing: [{from: 2026-01-01, price: 1}]",
        "pricing[0].price: unknown key; the keys here are from, to, price_per_credit, by_credit_t",
    ),
    "a choice": (
        "budgets: [{name: a, per: monthly, amount: 1}]",
        "'monthly' is not one of 'week', 'month', 'cycle', 'quarter' or 'year'; did you mean m",
    ),
    "an executor": ("rates: [{executor: Docker, name: l}]", "; did you mean docker?"),
    "a credit type": (
        TEAM + "shared_costs: {credit_types: [usr]}",
        "line 2, shared_costs.credit_types[0]: unknown credit type 'usr'; choose from",
    ),
    "a team": (
        TEAM + "tags: {center: {payment: '1'}}",
        "unknown team 'payment'; known teams: payments; did you mean payments?",
    ),
    "a comma": ("list_price_per_credit: 0,0006", "'0,0006' is not a number; write it as in 0.0006"),
    "a dollar": ("list_price_per_credit: $0.0006", "'$0.0006' is not a number; write it as in 0."),
    "too small": ("list_price_per_credit: -1", "'-1' is negative"),
    "too large": ("list_price_per_credit: 1e999", "'1e999' has too many digits"),
    "a boolean": ("free_seats: yes", "line 1, free_seats: 'yes' is not a whole number"),
    "a currency": ("currency: usd", "'usd' is not a currency; write three capital letters"),
    "a word as a date": (
        "pricing: [{from: yesterday, price_per_credit: 1}]",
        "line 1, pricing[0].from: 'yesterday' is not a date; write it as YYYY-MM-DD",
    ),
    "a backward period": (
        "pricing: [{from: 2026-10-01, to: 2026-01-01, price_per_credit: 1}]",
        "the period ends on 2026-01-01, before its start on 2026-10-01",
    ),
    "keys for a list": ("teams: {name: a}", "teams: expected a list; begin each entry with a dash"),
    "a text for a list": (
        "teams: [{name: a, jobs: lint-*}]",
        "teams[0].jobs: expected a list; write [lint-*]",
    ),
    "a glob for a list": ("teams: [{name: a, jobs: '*'}]", 'expected a list; write ["*"]'),
    "a team for a list": (
        "teams: payments",
        'begin each entry with a dash, as in `- {name: payments, projects: ["pay-*"]}`',
    ),
    "a price for a list": (
        "pricing: 0.0006",
        "pricing: expected a list; begin each entry with a dash, as in `- {from: 2026-01-01, price",
    ),
    "a price of an unknown type": (
        "pricing: [{from: 2026-01-01, price_per_credit: 1, by_credit_type: {computer: 1}}]",
        "pricing[0].by_credit_type.computer: unknown credit type 'computer'",
    ),
    "a unit of every report": (
        "\nunits: {pipeline: {jobs: [x]}}",
        "line 2, units.pipeline: a unit cannot be called 'pipeline': every report has a unit of",
    ),
    "a unit of no jobs": (
        "units: {deploy: {workflows: [x]}}",
        "line 1, units.deploy.jobs: this key is required",
    ),
    "documents": ("currency: USD\n---\n", "line 2: several YAML documents; remove the line ---."),
    "a tag": ("currency: !x USD", "line 1: unknown tag !x; remove it."),
    "a list for keys": ("included_credits: [1]", "expected keys with values, such as `key: value`"),
    "no space": ("currency:USD", "line 1, the file: expected keys with values; put a space after"),
    "a list": ("- currency", "line 1, the file: expected keys with values"),
    "a tab": ("teams:\n\t- name: a", "line 2: .* indent with spaces, not tabs"),
    "a glob": ("teams: [{jobs: [*lint]}]", 'quote a glob that begins with *, as in "*-build"'),
    "a star": ("teams:\n  - jobs:\n    - *\n", "quote a glob that begins with *"),
    "a colon": ("teams:\n  - name: a: b", "line 2: .*; quote a text that has a colon in it"),
    "an open quote": ("currency: 'USD", "a quote is not closed"),
    "a dedent": ("teams:\n- name: a\n jobs: [x]", "align the keys of an entry with each other"),
    "a duplicate": (
        "currency: USD\ncurrency: EUR",
        "line 2: duplicate key 'currency'; remove one.",
    ),
}


@pytest.mark.parametrize(("text", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_answered_with_its_line_and_a_way_out(
    tmp_path: Path, text: str, message: str
) -> None:
    file = tmp_path / "usage.yml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as raised:
        load_settings_file(file)
    first, _, last = message.partition(".*")
    shown = str(raised.value)
    assert shown.startswith(f"The settings file {file} ")
    assert first in shown
    assert last in shown


@pytest.mark.parametrize(
    "text", ["", "# nothing yet\n", "teams:\nbudgets:\n", "\ufeffcurrency: USD"]
)
def test_a_file_may_be_empty_or_begin_with_a_byte_order_mark(tmp_path: Path, text: str) -> None:
    file = tmp_path / "usage.yml"
    file.write_text(text, encoding="utf-8")
    assert load_settings_file(file).currency == "USD"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
def test_another_encoding_is_to_be_saved_as_utf_8(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "usage.yml"
    file.write_text("currency: USD\n", encoding=encoding)
    with pytest.raises(SettingsError, match=r"save (it|the file) as UTF-8"):
        load_settings_file(file)


def test_what_cannot_be_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"Is a directory\. Check the path and its permissions"):
        load_settings_file(tmp_path)
    with pytest.raises(SettingsError, match=r"No such file or directory\. Check the path"):
        load_settings_file(tmp_path / "usage.yml")
    locked = tmp_path / "locked.yml"
    locked.write_text("")
    locked.chmod(0)
    if os.access(locked, os.R_OK):  # by root
        return
    with pytest.raises(SettingsError, match=r"Permission denied\. Check the path"):
        load_settings_file(locked)


@pytest.mark.parametrize(
    "field",
    [
        name
        for name, field in SettingsFile.model_fields.items()
        if re.match(r"tuple\[.*Section, \.\.\.", str(field.annotation))
    ],
)
def test_the_example_of_an_entry_can_be_used(tmp_path: Path, field: str) -> None:
    file = tmp_path / "usage.yml"
    file.write_text(f"{field}: text", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"as in `- \{") as raised:
        load_settings_file(file)
    example = str(raised.value).split("`")[1]
    file.write_text(f"{field}:\n  {example}", encoding="utf-8")
    assert len(getattr(load_settings_file(file), field)) == 1
