"""Counts in words: the one place that knows singular from plural."""


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
