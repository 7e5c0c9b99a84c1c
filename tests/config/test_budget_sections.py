"""Budgets in a settings file, and mistakes in them."""

from pathlib import Path

import pytest

from circleci_usage.config.settings_file import load_settings_file
from circleci_usage.core.errors import SettingsError

TEAM = "teams: [{name: web, projects: [web], budget: {per: month, %s}}]\n"

MISTAKES = {
    "no limit": (
        "budgets: [{name: a, per: week}]",
        "nothing is limited; add `amount` or `credits`",
    ),
    "two limits": (
        "budgets: [{name: a, per: week, amount: 1, credits: 1}]",
        "both `amount` and `credits` are set; write two budgets",
    ),
    "no limit of a team": (TEAM % "credit_type: user", "line 1, teams[0].budget: nothing is lim"),
    "a credit type that is excluded": (
        "budgets: [{name: a, per: year, amount: 1, credit_type: dlc, exclude_credit_types: [dlc]}]",
        "`exclude_credit_types` excludes the credit type dlc",
    ),
    "an unknown credit type": (
        "budgets: [{name: a, per: week, amount: 1, credit_type: users}]",
        "budgets[0].credit_type: unknown credit type 'users'; choose from",
    ),
    "an unknown team": (
        TEAM % "amount: 1" + "budgets: [{name: a, per: week, amount: 1, team: wbe}]",
        "unknown team 'wbe'; known teams: web; did you mean web?",
    ),
    "an unknown tag": (
        TEAM % "amount: 1"
        + "tags: {product: {web: shop}}\n"
        + "budgets: [{name: a, per: week, amount: 1, tag: {prodct: shop}}]",
        "unknown tag 'prodct'; known tags: product; did you mean product?",
    ),
    "an unknown tag of a team": (
        TEAM % "amount: 1, tag: {x: y}",
        "unknown tag 'x'; known tags: none",
    ),
    "a threshold of nothing": (
        "budgets: [{name: a, per: week, amount: 1, thresholds: [0]}]",
        "budgets[0].thresholds[0]: ",
    ),
    "a threshold twice": (
        "budgets: [{name: a, per: week, amount: 1, thresholds: [50, 50.0]}]",
        "budgets[0].thresholds: a threshold is listed twice",
    ),
    "a regular expression": (
        "budgets: [{name: a, per: week, amount: 1, project: /web(/}]",
        "budgets[0].project: '/web(/': ",
    ),
    "a cycle without a day": (
        "budgets: [{name: a, per: cycle, amount: 1}]",
        "`per: cycle` requires `billing_cycle_day`",
    ),
    "included credits by week": (
        "included_credits: {per: week, amount: 1}",
        "'week' is not one of 'month' or 'cycle'",
    ),
    "two budgets of one name": (
        TEAM % "amount: 1" + "budgets: [{name: web, per: week, amount: 1, team: web}]",
        "the team 'web' has a budget of that name already; name this one otherwise",
    ),
}


@pytest.mark.parametrize(("text", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_answered_with_a_way_out(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "usage.yml"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(SettingsError) as caught:
        load_settings_file(file)

    assert message in str(caught.value)
