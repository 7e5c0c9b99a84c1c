"""Mistakes in `splits` and in the lists of rules: what is wrong, and where."""

from pathlib import Path

import pytest

from circleci_usage.config.settings_file import load_settings_file
from circleci_usage.core.errors import SettingsError

TEAMS = "teams: [{name: web, projects: [web]}, {name: api, projects: [api]}]\n"

MISTAKES = {
    "a sum": (
        "splits: [{projects: [mono], among: {web: 60, api: 39.9}}]",
        "splits[0]: the percentages sum to 99.9; they must sum to 100",
    ),
    "zero": ("splits: [{projects: [mono], among: {web: 100, api: 0}}]", "splits[0].among.api"),
    "too fine": (
        "splits: [{projects: [mono], among: {web: 33.33333, api: 66.66667}}]",
        "splits[0].among.web",
    ),
    "an unknown team": (
        "splits: [{projects: [mono], among: {wep: 60, api: 40}}]",
        "unknown team 'wep'; known teams: api, web; did you mean web?",
    ),
    "nobody": ("splits: [{projects: [mono], among: {}}]", "splits[0].among"),
    "no teams": ("splits: [{projects: [mono]}]", "splits[0].among"),
    "no lists": (
        "splits: [{among: {web: 100}}]",
        'splits[0]: nothing is named; add `projects` (["*"] is everything), organizations,',
    ),
    "no exclusion": (
        "splits: [{projects: [mono], not: {}, among: {web: 100}}]",
        "splits[0].not: nothing is named",
    ),
    "a nested exclusion": (
        "splits: [{projects: [mono], not: {not: {jobs: [a]}}, among: {web: 100}}]",
        "splits[0].not.not: unknown key",
    ),
    "a misspelled list": (
        "splits: [{project: [mono], among: {web: 100}}]",
        "splits[0].project: unknown key; did you mean projects?",
    ),
}


@pytest.mark.parametrize(("text", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "usage.yml"
    path.write_text(f"{TEAMS}{text}", encoding="utf-8")

    with pytest.raises(SettingsError) as refused:
        load_settings_file(path)

    assert message in str(refused.value)


def test_a_split_decides_costs(tmp_path: Path) -> None:
    checksums = set()
    for share in (60, 61):
        path = tmp_path / "usage.yml"
        split = f"splits: [{{projects: [mono], among: {{web: {share}, api: {100 - share}}}}}]"
        path.write_text(f"{TEAMS}{split}", encoding="utf-8")
        checksums.add(load_settings_file(path).cost_checksum())

    assert len(checksums) == 2
