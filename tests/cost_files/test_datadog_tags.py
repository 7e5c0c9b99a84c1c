"""Tags that Datadog keeps unchanged, distinct where the names are."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from circleci_usage.cost_files.datadog_tags import MAX_TAG, tag_values
from datadog_metrics import as_datadog_keeps

names = st.sets(
    st.text(st.sampled_from("aAbB _-./:()é🚀日'\n"), max_size=6) | st.text(max_size=250),
    max_size=20,
)


@given(names=names)
@example(names={"Web", "web", "WEB", "web_", "web "})
@example(names={"x" * 300, "x" * 301, "X" * 250})
@example(names={"", "unnamed", "🚀", "(none)"})
@example(names={"A", "a", "a_559aead0"})
@example(names={"İ", "i", "\N{MATHEMATICAL BOLD CAPITAL A}", "a", "ﬁ", "fi"})
def test_tags_are_distinct_and_datadog_keeps_them(names: set[str]) -> None:
    values = tag_values("project", names)

    assert values.of.keys() == names
    assert len(set(values.of.values())) == len(names)
    for value in values.of.values():
        tag = f"project:{value}"
        assert as_datadog_keeps(tag) == tag
        assert len(tag) <= MAX_TAG


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("web-shop", "web-shop"),
        ("My Project", "my_project"),
        ("(none)", "none"),
        ("release/2026.1", "release/2026.1"),
        ("=HYPERLINK(1)", "hyperlink_1"),
        ("a, b", "a_b"),
        ("プロジェクト", "プロジェクト"),
        ("🚀", "unnamed"),
        ("trailing:", "trailing"),
    ],
)
def test_a_name_without_a_clash_stays_readable(name: str, value: str) -> None:
    assert tag_values("project", [name]).of[name] == value


def test_the_name_spelled_like_the_tag_keeps_it() -> None:
    values = tag_values("project", ["web", "Web", "WEB", "api"])

    assert values.of["web"] == "web"
    assert values.of["api"] == "api"
    assert values.suffixed == ("WEB", "Web")


def test_a_suffix_does_not_depend_on_other_names() -> None:
    few, many = (
        tag_values("project", ["web", "Web"]),
        tag_values("project", ["web", "Web", "WEB", "wEb", "zzz"]),
    )

    assert few.of["Web"] == many.of["Web"] == "web_29751047"


def test_a_name_cannot_take_the_suffixed_tag_of_another() -> None:
    suffixed = tag_values("project", ["web", "Web"]).of["Web"]

    values = tag_values("project", ["web", "Web", suffixed])

    assert values.of[suffixed] == suffixed
    assert values.of["Web"] not in {suffixed, "web"}
