import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from circleci_usage.core.globs import glob_regex, matcher


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
