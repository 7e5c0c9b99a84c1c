"""The orbs that the project's own pipeline uses: as much of each as the pipeline refers to."""

from typing import Any

from circleci_config import Node
from orb_pack import pack
from paths import ROOT


def stub(*required: str, **defaults: Any) -> Node:
    """A job or command of another orb: only its parameters are known."""
    kinds = {bool: "boolean", str: "string", int: "integer"}
    parameters: Node = {name: {"type": "string"} for name in required}
    for name, value in defaults.items():
        parameters[name] = {"type": kinds[type(value)], "default": value}
    return {"parameters": parameters, "docker": [{"image": "cimg/base:current"}], "steps": []}


# The components that are used here, as circleci/orb-tools@12.4.0 declares them.
ORBS: dict[str, Node] = {
    "orb-tools": {
        "jobs": {
            "pack": stub(source_dir="src"),
            "review": stub(source_dir="src"),
            "continue": stub("orb_name", "vcs_type", pipeline_number=0),
        }
    },
    "usage-exporter": pack(ROOT / "orb"),
}
