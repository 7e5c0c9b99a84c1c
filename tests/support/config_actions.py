"""Actions that change a CircleCI configuration, and configurations to change."""

from collections.abc import Collection, Mapping
from decimal import Decimal
from pathlib import Path

from circleci_usage.analysis.savings import Action, Change, Saved
from circleci_usage.analysis.savings.actions import Certainty, Kind, Place, Setting
from circleci_usage.circleci_config.jobs import CircleConfig
from circleci_usage.circleci_config.reader import read_config
from circleci_usage.optimize import Plan, edited_texts, plan_changes, unified_diff
from circleci_usage.schema.keys import JobClassKey

FILE = Path(".circleci/config.yml")
BOTH: tuple[Certainty, ...] = ("certain", "likely")


def config(text: str) -> CircleConfig:
    return read_config({FILE: text})


def move(
    job: str,
    now: str,
    then: str,
    saved: int = 10,
    certainty: Certainty = "certain",
    *,
    executor: str = "machine",
    setting: Setting = "resource_class",
) -> Action:
    """An action on `WORKFLOW/JOB`."""
    workflow, _, name = job.partition("/")
    key = JobClassKey("o", "acme", "p", "web", workflow, name, executor, now)
    part = Saved(Place(key, "compute"), Decimal(9000), Decimal(90), Decimal(saved), Decimal(saved))
    kind: Kind = "next generation" if certainty == "certain" else "smaller class"
    change = Change(setting, now, then)
    return Action(kind, key, certainty, "low", "rate", (part,), {"runs": 31}, change)


def planned(
    text: str,
    *actions: Action,
    certainties: Collection[Certainty] = BOTH,
    groups: Mapping[str, str] | None = None,
) -> Plan:
    return plan_changes(actions, config(text), certainties, groups or {})


def changed(text: str, *actions: Action, certainties: Collection[Certainty] = BOTH) -> str:
    """The configuration after the actions."""
    plan = planned(text, *actions, certainties=certainties)
    return edited_texts(config(text), plan.edits, read_config).get(FILE, text)


def change_of(text: str, *actions: Action) -> list[str]:
    """The lines that the actions remove and add."""
    diff = unified_diff({FILE: text}, {FILE: changed(text, *actions)})
    return [line for line in diff.split("\n")[3:] if line[:1] in {"-", "+"}]
