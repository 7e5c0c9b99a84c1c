"""Entries of the section `teams` of the settings file, to be pasted there as they are."""

from collections.abc import Iterable

from circleci_usage.config.yaml_scalars import quoted_list, scalar


def team_entry(team: str, projects: Iterable[str]) -> str:
    """An entry on one line; whatever a name holds stays text.

    >>> team_entry("payments", ["pay-*", "acme/billing"])
    '- {name: payments, projects: ["pay-*", "acme/billing"]}'
    """
    return f"- {{name: {scalar(team)}, projects: {quoted_list(projects)}}}"
