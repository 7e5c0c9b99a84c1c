"""The change of a CircleCI configuration that makes the savings.

`planning` matches actions with the jobs of a configuration and chooses which change to make where;
`edits` changes the text at exactly these places, and checks by reading the result again that
nothing else has changed. `writing` puts it into the files.
"""

from circleci_usage.optimize.edits import edited_texts, unified_diff
from circleci_usage.optimize.plan import Edit, Place, PlacedAction, Plan, UnplacedAction
from circleci_usage.optimize.planning import plan_changes

__all__ = [
    "Edit",
    "Place",
    "PlacedAction",
    "Plan",
    "UnplacedAction",
    "edited_texts",
    "plan_changes",
    "unified_diff",
]
