"""Samples of users: their numbers always, their costs only if the report lets them be shown."""

import json
import shutil
from decimal import Decimal
from pathlib import Path

import pytest

from circleci_usage.core.errors import DataError
from circleci_usage.push.metrics import USER_COST, USER_TAG
from circleci_usage.push.report_samples import SampleOptions, read_samples
from circleci_usage.push.series_limit import series_objection, within_limit
from push_plans import SNAPSHOT, amounts, change_summary
from push_runner import plan_push
from report_folders import NOW, report_folder
from rows import job_run

JANE, RAVI, THIRD = (f"7bc3345f-0000-4000-8000-00000000000{number}" for number in range(3))
SETTINGS = f"people: {{show: names, users: {{{JANE}: {{name: Jane}}, {RAVI}: {{name: Jane}}}}}}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = [
        job_run(credits, PIPELINE_TRIGGER_USER_ID=user, IS_UNREGISTERED_USER="true")
        for user, credits in ((JANE, "1000"), (RAVI, "500"), (THIRD, "10"))
    ]
    return report_folder(tmp_path_factory.mktemp("report"), [*rows, job_run("100")], SETTINGS)[0]


@pytest.fixture
def own_folder(folder: Path, tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    return shutil.copytree(folder, tmp_path / "spoilt")


def costs(folder: Path) -> dict[str, Decimal]:
    found = amounts(plan_push(folder, SNAPSHOT, NOW), "user_cost")
    return {tag: cost for (tags, _), cost in found.items() for tag in tags}


def test_users_have_a_series_each_and_sum_to_the_whole(folder: Path) -> None:
    expected = {
        "user:jane": Decimal("0.9"),
        f"user:{THIRD}": Decimal("0.006"),
        "user:none": Decimal("0.06"),
    }
    assert costs(folder) == expected
    summary = json.loads((folder / "summary.json").read_text())
    assert sum(expected.values()) == Decimal(summary["totals"]["cost"])
    plan = plan_push(folder, SNAPSHOT, NOW)
    assert [*amounts(plan, "active_users").values()] == [3]
    assert [*amounts(plan, "unregistered_users").values()] == [3]


@pytest.mark.parametrize("people", [None, {}, {"show": "no", "active_users": None}])
def test_without_leave_nobody_is_sent(own_folder: Path, people: dict[str, str] | None) -> None:
    change_summary(own_folder, people=people)

    plan = plan_push(own_folder, SNAPSHOT, NOW)

    assert not [metric for metric in plan.by_metric if "user" in metric]


def test_damaged_numbers_of_users_are_refused(own_folder: Path) -> None:
    change_summary(own_folder, people=["ids"])

    with pytest.raises(DataError, match=r"summary\.json is damaged"):
        plan_push(own_folder, SNAPSHOT, NOW)


def test_too_many_users_are_summed_up(folder: Path) -> None:
    samples = read_samples(folder, SampleOptions(), NOW).samples

    objection = series_objection(samples, 1, "each costs memory")
    fewer, left_out = within_limit(samples, len(samples) - 1)

    assert objection is not None
    assert "Leave it out with `people: {show: no}` in the settings file" in objection
    assert left_out == (USER_TAG,)
    (everybody,) = [sample.value for sample in fewer if sample.metric == USER_COST]
    assert everybody == Decimal("0.966")
