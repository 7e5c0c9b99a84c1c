"""Notifications in the settings file: what is read of them, and the example of their page."""

import re
from pathlib import Path

import pytest

from circleci_usage.core.errors import SettingsError
from paths import ROOT
from report_factory import written_settings


def test_what_is_left_out_has_a_default(tmp_path: Path) -> None:
    file = written_settings(tmp_path, "notify: [{name: finance, slack: {}}]")

    (finance,) = file.notify
    assert (finance.when, finance.teams, finance.email) == (("always",), (), None)
    assert finance.slack
    assert finance.slack.webhook_env == "SLACK_WEBHOOK_URL"
    assert written_settings(tmp_path, "currency: USD").notify == ()


def test_nothing_that_decides_costs_is_changed(tmp_path: Path) -> None:
    without = written_settings(tmp_path, "currency: USD")
    notifying = written_settings(tmp_path, "notify: [{name: finance, slack: {}}]")

    assert notifying.cost_checksum() == without.cost_checksum()


def test_what_no_team_owns_has_notifications_too(tmp_path: Path) -> None:
    text = "notify: [{name: a, slack: {}, teams: [unallocated]}]"

    assert written_settings(tmp_path, text).notify[0].teams == ("unallocated",)


def test_the_example_of_the_page_is_sound(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "notifications.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)

    file = written_settings(tmp_path, f"teams: [{{name: payments, projects: [x]}}]\n{example}")

    assert [each.name for each in file.notify] == ["finance", "everybody", "payments"]


@pytest.mark.parametrize(
    "address", ["a@b.c, d@e.f", "A <a@b.c>", "a@b.c\\nBcc: d@e.f", "a b@c.d", "ä@b.c", "@b.c"]
)
def test_an_address_is_one_and_nothing_else(tmp_path: Path, address: str) -> None:
    text = f'notify: [{{name: a, email: {{to: ["{address}"]}}}}]'

    with pytest.raises(SettingsError, match="is not an e-mail address; write it as in"):
        written_settings(tmp_path, text)


@pytest.mark.parametrize("text", ["https://hooks.slack.com/services/secretsecret", "slack_hook"])
def test_a_webhook_is_the_name_of_a_variable(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError, match="is not the name of an environment variable") as error:
        written_settings(tmp_path, f"notify: [{{name: a, slack: {{webhook_env: '{text}'}}}}]")

    assert "secretsecret" not in str(error.value)
