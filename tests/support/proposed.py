"""Proposals for tests: from rows in memory to a settings file on disk."""

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path

from circleci_usage.analysis.team_proposals import SeenProject
from circleci_usage.config.settings_file import SettingsFile, load_settings_file
from circleci_usage.demo.company.exportfile import write_part
from circleci_usage.settings_proposal.proposal import Proposal, propose
from circleci_usage.settings_proposal.seen_usage import SeenUsage, seen_usage
from circleci_usage.usage.daily_usage import read_daily_usage
from circleci_usage.usage.input_files import find_parts
from rows import Row

TODAY = date(2026, 4, 1)


def seen(rows: Iterable[Row], folder: Path) -> SeenUsage:
    """Rows as `init` sees them, through a file in a folder."""
    file = folder / "rows.csv.gz"
    write_part(file, rows)
    return seen_usage(read_daily_usage(find_parts([file]).parts))


def proposal_from(rows: Iterable[Row], folder: Path) -> Proposal:
    """What is proposed from rows."""
    return propose(seen(rows, folder), TODAY)


def project(name: str, credits: int = 1, organization: str = "acme") -> SeenProject:
    """A project that was seen."""
    return SeenProject(organization, name, Decimal(credits))


def loaded(text: str, folder: Path) -> SettingsFile:
    """The settings of a text, read as a command reads them."""
    file = folder / "usage.yml"
    file.write_text(text, encoding="utf-8")
    return load_settings_file(file)


def uncommented(text: str) -> str:
    """The text with everything that is commented out in it, so that all of it applies."""
    lines = []
    is_inside = False
    for line in text.splitlines():
        key = re.match("# ([a-z_]+):", line)
        begins = key is not None and key[1] in SettingsFile.model_fields
        is_inside = begins or (is_inside and line.startswith("#   "))
        lines.append(line.removeprefix("# ") if is_inside else line)
    return "\n".join(lines)
