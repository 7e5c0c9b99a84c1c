"""Counts and lists in words: the one place that knows singular from plural."""

from collections.abc import Iterable, Sequence


def counted(count: int, noun: str, plural: str = "") -> str:
    """A number with its noun, whose plural is only needed when it is not formed with an s.

    >>> counted(1, "job run"), counted(1475, "job run"), counted(2, "branch", "branches")
    ('1 job run', '1,475 job runs', '2 branches')
    """
    return amount_of(f"{count:,}", noun, plural)


def amount_of(shown: str, noun: str, plural: str = "") -> str:
    """The same for a number as it is shown: `1 credit`, `<1 credits`."""
    return f"{shown} {noun if shown == '1' else plural or f'{noun}s'}"


def agreeing(count: int, singular: str, plural: str) -> str:
    """The form of another word, such as a verb, that agrees with the count."""
    return singular if count == 1 else plural


def enumerated(words: Iterable[str], conjunction: str = "and") -> str:
    """Words as a sentence lists them; there is at least one.

    >>> enumerated(["day", "month", "auto"], "or"), enumerated(["budgets"])
    ('day, month or auto', 'budgets')
    """
    *first, last = words
    return f"{', '.join(first)} {conjunction} {last}" if first else last


def few(names: Sequence[str], most: int) -> str:
    """Up to so many names, and how many more there are.

    >>> few(["acme", "labs", "web"], 2), few(["acme"], 2)
    ('acme, labs and 1 more', 'acme')
    """
    more = len(names) - most
    shown = ", ".join(names[:most])
    return f"{shown} and {more:,} more" if more > 0 else shown
