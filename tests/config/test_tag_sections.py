from pathlib import Path

import pytest

from circleci_usage.core.errors import SettingsError
from circleci_usage.costs.rules import NOTHING, Patterns, Rule
from circleci_usage.costs.tags import TagKey, TagRule
from report_factory import written_settings

TEAMS = 'teams: [{name: payments, projects: ["pay-*"]}]\n'


def test_a_tag_is_given_by_team_or_by_rules(tmp_path: Path) -> None:
    file = written_settings(
        tmp_path,
        TEAMS
        + """\
tags:
  organization: {payments: 0471}
  product:
    - {value: 1.0, projects: ["pay-*"], not: {branches: ["test/*"]}}
    - {value: rest, teams: [payments, unallocated]}
""",
    )

    assert file.ownership().tag_keys == (
        TagKey("organization", of_teams={"payments": "0471"}),
        TagKey(
            "product",
            (
                TagRule(Rule("1.0", Patterns(projects=("pay-*",)), Patterns(branches=("test/*",)))),
                TagRule(Rule("rest", NOTHING), frozenset({"payments", "unallocated"})),
            ),
        ),
    )
    assert [key.is_dimension for key in file.ownership().tag_keys] == [False, True]
    assert file.ownership().branch_globs == ("test/*",)


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        ("{a: 3}", "line 2, tags.a: expected teams with values, or a list of rules"),
        ("{a: []}", "line 2, tags: the tag 'a' has no rules"),
        ('{a: [{projects: ["*"]}]}', "line 2, tags.a[0].value: this key is required"),
        ("{a: [{value: x}]}", "tags.a[0]: nothing is named; add `projects`"),
        ("{a: [{valeu: x, jobs: [b]}]}", "tags.a[0].valeu: unknown key; did you mean value?"),
        ("{a: [{value: x, jobs: b}]}", "tags.a[0].jobs: expected a list; write [b]"),
        ("{a: [{value: x, jobs: [b], not: {job: [c]}}]}", "did you mean jobs?"),
        ("{a: [{value: x, teams: [paymnts]}]}", "unknown team 'paymnts'"),
        ("{a: {paymnts: x}}", "unknown team 'paymnts'"),
        ("{a: {payments: [1]}}", "tags.a.payments: expected a string"),
        ("{team: [{value: x, jobs: [b]}]}", "a tag cannot be called 'team'"),
        ("{branch: [{value: x, jobs: [b]}]}", "a tag cannot be called 'branch'"),
        ("{by: [{value: x, jobs: [b]}]}", "a tag cannot be called 'by'"),
        ('{"a=b": [{value: x, jobs: [b]}]}', "'a=b': filters could not name it"),
        ('{"a\\nb": [{value: x, jobs: [b]}]}', "filters could not name it"),
    ],
)
def test_a_mistake_is_explained(tmp_path: Path, tags: str, message: str) -> None:
    with pytest.raises(SettingsError) as raised:
        written_settings(tmp_path, f"{TEAMS}tags: {tags}")

    assert message in str(raised.value)
