"""Which tags go together."""

import pytest

from circleci_usage.core.errors import SettingsError
from circleci_usage.push.metrics import chosen_tags


@pytest.mark.parametrize(
    ("added", "left_out", "message"),
    [
        (
            ["jobs"],
            [],
            r"Unknown tag 'jobs'; did you mean job\? --tags accepts workflow, job, resource_class",
        ),
        ([], ["cost"], "Unknown tag 'cost'"),
        (["branch,job"], [], "The tags branch and job cannot be combined"),
    ],
)
def test_invalid_tags_are_refused(added: list[str], left_out: list[str], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        chosen_tags(added, left_out)


def test_tags_are_added_and_left_out() -> None:
    assert chosen_tags([" job, workflow "], ["project,team"]) == (
        *("organization", "credit_type", "currency"),
        *("workflow", "job"),
    )
