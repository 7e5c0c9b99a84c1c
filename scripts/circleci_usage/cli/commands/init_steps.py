"""What `init` shows after it has written a settings file: the job to paste, and what to do next."""

import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rich.text import Text

from circleci_usage.cli.console import Console
from circleci_usage.cli.settings_path import new_settings_path
from circleci_usage.core.paths import exists
from circleci_usage.core.plurals import counted
from circleci_usage.core.untrusted_text import inert
from circleci_usage.settings_proposal.addresses import TOKEN_URL
from circleci_usage.settings_proposal.orb_job import orb_job
from circleci_usage.settings_proposal.proposal import Proposal

_LONGEST: Final = 2_000
_CONFIG_NAME: Final = "config.yml"


def show_next_steps(
    console: Console, proposal: Proposal, target: Path, source: Sequence[str]
) -> None:
    """Show where the file is and what to do with it; the result is the job to paste.

    Args:
        console: the job goes to standard output, all else to standard error.
        proposal: what was written.
        target: where it was written.
        source: the arguments that the usage was read from.
    """
    teams = len(proposal.teams.teams)
    accepted = f" with {counted(teams, 'team')}" if teams and proposal.accepts_teams else ""
    config = _config_of_job(target)
    console.say(f"Wrote {inert(_absolute(target), _LONGEST)}{accepted}.")
    if config and config.is_absolute():
        console.warn("It is outside of the repository, where a CircleCI job does not find it.")
    command = _next_command(proposal, target, source)
    console.say(f"1. Review and edit it, then see the result: {command}")
    console.say(
        f"2. {_where_to_put_it()} The context circleci-usage needs CIRCLECI_API_TOKEN and, to be"
        " warned before it expires, its last day in CIRCLECI_API_TOKEN_EXPIRES. How to get a token"
        f" of limited access: {TOKEN_URL}"
    )
    # As Text: a path must stay as it is, even where it looks like a token.
    console.result(Text(_job(proposal, config)))
    console.say(
        "3. Create a weekly schedule trigger (Project Settings → Triggers). It starts every"
        " workflow that has no `when` of its own, too."
    )


def _where_to_put_it() -> str:
    """What to do with the job: a second `version` or `orbs` would break a file that exists."""
    if exists(new_settings_path().with_name(_CONFIG_NAME)):
        return (
            f"Merge the following into .circleci/{_CONFIG_NAME}: the entries under orbs and under"
            " workflows."
        )
    return f"Save the following as .circleci/{_CONFIG_NAME}."


def _job(proposal: Proposal, config: Path | None) -> str:
    usage = None if proposal.is_sample else proposal.usage
    return orb_job(usage.organizations if usage else (), config).rstrip("\n")


def _next_command(proposal: Proposal, target: Path, source: Sequence[str]) -> str:
    """What reports on the same usage with the new file; without usage, what gets some."""
    command = "report" if proposal.usage else "run"
    if proposal.is_sample:
        command = "demo"
    is_found = not proposal.is_sample and _config_of_job(target) is None
    named = [] if is_found else ["--config", str(target)]
    return inert(shlex.join(["circleci-usage", command, *source, *named]), _LONGEST)


def _config_of_job(target: Path) -> Path | None:
    """The settings file as a job has to name it; None where it is found without that."""
    default = _absolute(new_settings_path())
    root, path = default.parent.parent, _absolute(target)
    if path == default:
        return None
    return path.relative_to(root) if path.is_relative_to(root) else path


def _absolute(path: Path) -> Path:
    """The path without `..`; links stay as a person has named them."""
    return Path(os.path.normpath(path.absolute()))
