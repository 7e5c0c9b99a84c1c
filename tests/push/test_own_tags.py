"""Tags of the settings file on metrics: `--tags tag:product`."""

from decimal import Decimal

import pytest

from circleci_usage.core.errors import SettingsError
from circleci_usage.push.metrics import chosen_tags, own_tags
from circleci_usage.push.samples import Sample
from circleci_usage.push.series_limit import series_objection


def test_a_tag_of_the_settings_file_is_called_so_that_every_target_takes_it() -> None:
    assert own_tags(["project", "tag:Cost-Center", "tag:a.b/c"]) == {
        "tag:Cost-Center": "cost_center",
        "tag:a.b/c": "a_b_c",
    }
    assert chosen_tags(["tag:product"], ["currency"])[-1] == "tag:product"


@pytest.mark.parametrize(
    "names",
    [["tag:a-b", "tag:a_b"], ["tag:Team"], ["tag:budget"], ["tag:"], ["tag:4711"], ["tag:ä"]],
)
def test_a_tag_that_a_target_would_confuse_is_refused(names: list[str]) -> None:
    with pytest.raises(SettingsError, match="give it another name"):
        own_tags(names)


def test_branches_have_no_tags_of_the_settings_file() -> None:
    with pytest.raises(SettingsError, match="branch and tag:product cannot be combined"):
        chosen_tags(["branch,tag:product"])


def test_the_limit_of_series_names_an_added_tag_first() -> None:
    samples = [
        Sample("m", (("project", "web"), ("product", str(number))), 0, Decimal(number))
        for number in range(9)
    ]

    objection = series_objection(samples, 3, "it costs", ["product"])

    assert objection is not None
    assert "The tag product causes most of them: without it there are 1." in objection
    assert "Leave it out of --tags" in objection
