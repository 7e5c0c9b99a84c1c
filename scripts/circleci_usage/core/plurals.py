"""How many of something, in words: the one place that knows a singular from a plural."""


def counted(count: int, noun: str, plural: str = "") -> str:
    """`1 job run`, `1,475 job runs`, `2 branches` (given the plural where it is not formed by an s)."""
    return amount_of(f"{count:,}", noun, plural)


def amount_of(shown: str, noun: str, plural: str = "") -> str:
    """The same of a number as it is shown: `1 credit`, `<1 credits`."""
    return f"{shown} {noun if shown == '1' else plural or f'{noun}s'}"


def agreeing(count: int, singular: str, plural: str) -> str:
    """The form of another word, such as a verb, that goes with so many."""
    return singular if count == 1 else plural
