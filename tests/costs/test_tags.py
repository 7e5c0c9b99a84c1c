import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from circleci_usage.costs.allocation import SHARED, Ownership, allocate
from circleci_usage.costs.rule_checks import idle_patterns
from circleci_usage.costs.rules import NOTHING, Patterns, Rule
from circleci_usage.costs.shared_costs import SharedCosts
from circleci_usage.costs.tags import TagKey, TagRule, tag_column, with_tags_of_teams
from circleci_usage.schema.export_columns import BRANCH_GROUP, NO_NAME
from usage_lines import credit_lines

TEAMS = (Rule("web", Patterns(projects=("web",))), Rule("mobile", Patterns(projects=("ios-*",))))
CHECKOUT = TagRule(Rule("checkout", Patterns(projects=("web",), jobs=("pay-*",))))
APPS = TagRule(Rule("apps", NOTHING), frozenset({"mobile"}))

Line = dict[str, str]


def allocated(keys: tuple[TagKey, ...], *lines: Line) -> pd.DataFrame:
    shared = SharedCosts(credit_types=frozenset({"user"}))
    return allocate(credit_lines(*lines)[0], Ownership(TEAMS, shared, keys))


def values(key: TagKey, *lines: Line) -> list[str]:
    return allocated((key,), *lines)[tag_column(key.name)].tolist()


def test_the_first_rule_that_matches_gives_the_value() -> None:
    web = TagRule(Rule("shop", Patterns(projects=("web",))))
    lines: list[Line] = [{"job": "pay-test"}, {"job": "lint"}, {"project": "api"}]

    assert values(TagKey("product", (CHECKOUT, web)), *lines) == ["checkout", "shop", NO_NAME]
    assert values(TagKey("product", (web, CHECKOUT)), *lines) == ["shop", "shop", NO_NAME]


def test_a_rule_may_look_at_the_owner_too() -> None:
    release = TagRule(Rule("live", Patterns(branches=("release/*",))), frozenset({"mobile"}))
    lines: list[Line] = [
        {"project": "ios-a", BRANCH_GROUP: "release/*"},
        {"project": "ios-a", BRANCH_GROUP: "main"},
        {"project": "web", BRANCH_GROUP: "release/*"},
    ]

    assert values(TagKey("env", (release,)), *lines) == ["live", NO_NAME, NO_NAME]
    assert Ownership(tag_keys=(TagKey("env", (release,)),)).branch_globs == ("release/*",)


def test_a_tag_of_teams_follows_the_owner() -> None:
    key = TagKey("cost_center", of_teams={"web": "4711", "unallocated": "none"})

    found = values(key, {"project": "web"}, {"project": "ios-a"}, {"project": "api"})

    assert found == ["4711", NO_NAME, "none"]
    assert Ownership(TEAMS, None, (key, TagKey("x", (CHECKOUT,)))).tags == {
        "cost_center": {"web": "4711", "unallocated": "none"}
    }


def test_keys_are_independent_of_each_other() -> None:
    keys = TagKey("product", (CHECKOUT,)), TagKey("platform", (APPS,))

    frame = allocated(keys, {"job": "pay-test"}, {"project": "ios-a"})

    assert frame["tag:product"].tolist() == ["checkout", NO_NAME]
    assert frame["tag:platform"].tolist() == [NO_NAME, "apps"]


def test_a_share_of_shared_costs_has_the_tags_of_the_team_that_pays_it() -> None:
    seats = TagRule(Rule("seats", Patterns(credit_types=("user",), projects=("web",))))
    key = TagKey("product", (seats, APPS), {"web": "shop"})
    shared = allocated((key,), {"credit_type": "user", "project": "api"})
    assert shared["team"].tolist() == [SHARED]

    shares = pd.concat([shared.assign(team=team) for team in ("web", "mobile", "other")])
    own = allocated((key,), {"credit_type": "user"}).assign(team="mobile")

    assert with_tags_of_teams(shares, (key,))["tag:product"].tolist() == ["shop", "apps", NO_NAME]
    assert with_tags_of_teams(own, (key,))["tag:product"].tolist() == ["seats"]


def test_without_keys_nothing_is_added() -> None:
    assert not [name for name in allocated((), {}).columns if name.startswith("tag:")]


def test_a_pattern_of_a_tag_that_matches_nothing_is_named() -> None:
    rules = TagRule(Rule("a", Patterns(jobs=("lnit",)))), CHECKOUT
    frame, _ = credit_lines({"job": "lint"}, {"job": "pay-test"})

    idle = idle_patterns(frame, Ownership(tag_keys=(TagKey("product", rules),)))

    assert [*idle] == [("tags.product[0]", "jobs", "lnit")]


NAMES = st.sampled_from(["web", "api", "ios-a", "ios-b"])
PATTERNS = st.lists(st.sampled_from(["*", "web", "ios-*", "api", "zzz"]), max_size=2).map(tuple)
TAG_RULES = st.builds(
    TagRule,
    st.builds(Rule, st.sampled_from("abc"), st.builds(Patterns, projects=PATTERNS, jobs=PATTERNS)),
    st.frozensets(st.sampled_from(["web", "mobile"]), max_size=1),
)


@given(
    st.lists(TAG_RULES, max_size=4).map(tuple),
    st.lists(st.tuples(NAMES, NAMES), min_size=1, max_size=6),
)
def test_each_line_has_one_value_of_a_key_and_nothing_is_lost(
    rules: tuple[TagRule, ...], names: list[tuple[str, str]]
) -> None:
    lines: list[Line] = [{"project": project, "job": job} for project, job in names]
    key = TagKey("k", rules)
    frame = allocated((key,), *lines)

    sums = frame.groupby("tag:k", observed=True)["credits"].sum()

    assert sums.sum() == len(lines)
    assert frame["tag:k"].tolist() == [
        next((rule.rule.value for rule in rules if _matches(rule, line, team)), NO_NAME)
        for line, team in zip(lines, frame["team"], strict=True)
    ]


def _matches(rule: TagRule, line: Line, team: str) -> bool:
    """What a rule says, written apart from the code: `*` and `ios-*` are its only globs."""
    lists = {"project": rule.rule.patterns.projects, "job": rule.rule.patterns.jobs}
    for name, patterns in lists.items():
        texts = {"*": "", "ios-*": "ios-"}
        hits = [
            line[name].startswith(texts[each]) if each in texts else line[name] == each
            for each in patterns
        ]
        if patterns and not any(hits):
            return False
    return not rule.teams or team in rule.teams
