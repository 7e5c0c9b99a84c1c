"""Savings in the settings file: the minimum, dismissals, and the example of their page."""

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from circleci_usage.analysis.savings import Dismissal
from circleci_usage.core.errors import SettingsError
from paths import ROOT
from report_factory import written_settings


def test_what_is_left_out_has_a_default(tmp_path: Path) -> None:
    settings = written_settings(tmp_path, "savings: {dismissals: [{reason: tried}]}")

    savings = settings.analysis().savings
    assert savings.minimum == 1
    assert savings.dismissals == (Dismissal("tried"),)
    assert written_settings(tmp_path, "currency: USD").analysis().savings.dismissals == ()


def test_the_example_of_the_page_is_sound(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "savings.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)

    savings = written_settings(tmp_path, example).analysis().savings

    assert savings.minimum == Decimal(5)
    assert savings.dismissals == (
        Dismissal(
            "the new class is being tried",
            date(2026, 12, 31),
            kinds=("next generation",),
            projects=("data-*",),
        ),
        Dismissal(
            "it has to fail",
            projects=("acme/chaos",),
            workflows=("nightly",),
            jobs=("break-everything",),
        ),
    )


@pytest.mark.parametrize(
    ("dismissal", "message"),
    [
        ("kinds: [reruns]", r"dismissals\[0\]\.reason: this key is required"),
        ("reason: a, kinds: [smaller]", r"did you mean smaller class\?"),
        ("reason: a, until: tomorrow", r"dismissals\[0\]\.until: "),
        ("reason: a, job: [lint]", "unknown key"),
        ("reason: " + "a" * 201, r"dismissals\[0\]\.reason: "),
    ],
)
def test_mistakes_are_named(tmp_path: Path, dismissal: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        written_settings(tmp_path, f"savings: {{dismissals: [{{{dismissal}}}]}}")


@pytest.mark.parametrize("minimum", ["-1", "much", "1e3000"])
def test_a_minimum_is_an_amount(tmp_path: Path, minimum: str) -> None:
    with pytest.raises(SettingsError, match=r"savings\.minimum"):
        written_settings(tmp_path, f"savings: {{minimum: {minimum}}}")
