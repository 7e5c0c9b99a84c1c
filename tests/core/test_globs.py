import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from circleci_usage.core.globs import escaped_matcher, glob_regex, matcher


@pytest.mark.parametrize(
    ("glob", "text", "matches"),
    [
        ("pay-*", "pay-in", True),
        ("pay-*", "repay-in", False),
        ("*", "", True),
        ("acme/*", "acme/web", True),
        ("acme/*", "acme/group/web", True),
        ("?", "é", True),
        ("?", "ab", False),
        ("a.b", "axb", False),
        ("[ab]", "a", False),
        ("[ab]", "[ab]", True),
        ("Web", "web", False),
        ("two*", "two\nlines", True),
        ("web", "web\n", False),
        ("(a|b)+ {2} ^$ #&-~\\", "(a|b)+ {2} ^$ #&-~\\", True),
    ],
)
def test_star_and_question_mark_are_all_there_is(glob: str, text: str, *, matches: bool) -> None:
    assert matcher([glob])(text) is matches


def test_one_of_several_is_enough_and_none_matches_nothing() -> None:
    assert matcher(["a", "b*"])("bc")
    assert not matcher([])("")


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)


@given(
    glob=texts | st.text("ab*?.[]()\\^$ \n", max_size=6),
    text=texts | st.text("ab.[]()\\^$ \n", max_size=6),
)
def test_the_heavy_pass_matches_as_allocation_does(glob: str, text: str) -> None:
    matched = pl.Series([text]).str.contains(f"^{glob_regex(glob)}$").item()

    assert matched is matcher([glob])(text)


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        (r"\*all", "*all", True),
        (r"\*all", "overall", False),
        (r"a\?", "a?", True),
        (r"a\?", "ab", False),
        (r"a\\*", "a\\bc", True),
        (r"a\b", "ab", True),
        ("a\\", "a\\", True),
        ("web-*", "web-", True),
        ("w?b", "web", True),
        (r"(a|b)\,.*", "(a|b),.c", True),
        ("two*", "two\nlines", True),
        ("", "", True),
    ],
)
def test_a_backslash_makes_the_next_character_plain(
    pattern: str, text: str, *, matches: bool
) -> None:
    assert escaped_matcher([pattern])(text) is matches


def test_hostile_patterns_with_escapes_take_linear_time() -> None:
    assert not escaped_matcher(["*a" * 200 + r"\*"])("a" * 5_000)


@given(st.text("ab*?", max_size=6), st.text("ab", max_size=8))
def test_without_a_backslash_both_kinds_of_globs_are_alike(glob: str, text: str) -> None:
    assert escaped_matcher([glob])(text) is matcher([glob])(text)
