import re
from string import ascii_lowercase
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circleci_usage.core.globs import matcher
from circleci_usage.core.patterns import is_regex, matching, refuse_bad_regex

NAMES = st.text(st.sampled_from(f"{ascii_lowercase}/-.\n(none)É"), max_size=12)


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("/web-[0-9]+/", ["web-1", "web-10"]),
        ("/web-1|api/", ["web-1", "api"]),
        ("/.*/", ["web-1", "web-10", "web-x", "my-web-1", "api", "API", ""]),
        ("/(?i)api/", ["api", "API"]),
        ("/web/", []),
        ("//", []),
        ("web-?", ["web-1", "web-x"]),
    ],
)
def test_a_regular_expression_matches_whole_names(pattern: str, names: list[str]) -> None:
    every = ["web-1", "web-10", "web-x", "my-web-1", "api", "API", ""]

    found = [
        name for name, is_found in zip(every, matching([pattern], every), strict=True) if is_found
    ]

    assert found == names


@given(st.lists(NAMES, max_size=5), st.lists(st.sampled_from(["web*", "*-?", "api", "*"])))
def test_globs_match_as_they_do_elsewhere(names: list[str], globs: list[str]) -> None:
    is_matching = matcher(globs)

    assert matching(globs, names) == [is_matching(name) for name in names]


@given(st.lists(NAMES, max_size=5))
def test_expressions_match_what_python_says(names: list[str]) -> None:
    expression = re.compile("[a-f/]+-?(none)?.")

    assert matching([f"/{expression.pattern}/"], names) == [
        expression.fullmatch(name) is not None for name in names
    ]


@pytest.mark.parametrize("pattern", ["/[/", "/a)|(b/", "/(?=look)ahead/", "/(a{1000}){1000}/"])
def test_bad_expressions_are_refused(pattern: str) -> None:
    assert is_regex(pattern)
    with pytest.raises(ValueError, match="it is not a regular expression: "):
        refuse_bad_regex(pattern)


def test_no_name_makes_an_expression_slow() -> None:
    began = process_time()

    assert matching(["/(a|a)*(a*)*b/"], ["a" * 5_000]) == [False]

    assert process_time() - began < 10, "an engine that backtracks would take years"
