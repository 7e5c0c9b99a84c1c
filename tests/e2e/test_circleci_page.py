"""The conditions in docs/circleci.md run the workflows that the page says, and no others."""

from typing import Any

import yaml

from circleci_config import triggered_workflows
from markdown_page import code_blocks
from paths import ROOT

PUSH = {"pipeline.trigger_source": "webhook"}
BY_HAND = {"pipeline.trigger_source": "api"}
SCHEDULE = {"pipeline.trigger_source": "scheduled_pipeline"}


def shown() -> list[Any]:
    blocks = code_blocks(ROOT / "docs" / "circleci.md")
    return [yaml.safe_load(each.text) for each in blocks if each.language == "yaml"]


def test_each_condition_runs_what_it_should() -> None:
    guarded, others, named, by_hand = shown()
    weekly = SCHEDULE | {"pipeline.schedule.name": "weekly usage"}

    assert triggered_workflows(guarded, SCHEDULE) == ["weekly-usage"]
    assert triggered_workflows(guarded, PUSH) == []
    assert triggered_workflows(others, SCHEDULE) == []
    assert triggered_workflows(others, PUSH) == ["build"]
    assert triggered_workflows(named, weekly) == ["weekly-usage"]
    assert triggered_workflows(named, PUSH) == []
    assert triggered_workflows(by_hand, BY_HAND) == triggered_workflows(by_hand, PUSH) == []
    wanted = BY_HAND | {"pipeline.parameters.usage_report": True}
    assert triggered_workflows(by_hand, wanted) == ["weekly-usage"]
    assert triggered_workflows(by_hand, SCHEDULE) == ["weekly-usage"]
