"""Untrusted text is shown without any effect on a terminal."""

from hypothesis import given
from hypothesis.strategies import characters, text

from circleci_usage.core.untrusted_text import inert, visible

ANY = text(characters())


def test_escape_sequences_are_written_out() -> None:
    assert inert("main\x1b[2J\n\u202eevil\udcff") == "main\\x1b[2J\\n\\u202eevil\\udcff"


def test_letters_of_any_language_stay() -> None:
    assert inert("naïve 東京 🚀 “quoted”\u00a0x") == "naïve 東京 🚀 “quoted”\u00a0x"


def test_a_long_text_is_cut() -> None:
    assert inert("a" * 1000, limit=10) == "a" * 10 + "…"


def test_lines_of_a_message_stay() -> None:
    assert visible("one\n\ttwo\r\x07") == "one\n\ttwo\\r\\x07"


@given(ANY)
def test_it_can_always_be_printed_on_one_line(foreign: str) -> None:
    shown = inert(foreign)

    shown.encode()
    assert len(shown.splitlines()) <= 1
    assert inert(shown, limit=len(shown)) == shown.strip()
