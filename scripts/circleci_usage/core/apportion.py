"""Whole numbers split by weights so that the shares sum exactly to the whole: the method of the largest remainder."""

from collections.abc import Sequence


def apportion(whole: int, weights: Sequence[int]) -> list[int]:
    """Split `whole` in proportion to weights; what does not divide goes to the largest remainders.

    Among equal remainders the earlier comes first, so the order of the weights has to mean something lasting, such as
    their names. Weights and whole may be negative; no share is then more than a whole unit off its exact size.

    Raises:
        ValueError: the weights sum to zero.
    """
    total = sum(weights)
    if not total:
        raise ValueError("weights that sum to zero split nothing")
    divided = [divmod(whole * weight, total) for weight in weights]
    shares = [share for share, _ in divided]
    # A negative total turns the remainders' sign, so compare their distance from the next unit.
    by_remainder = sorted(range(len(weights)), key=lambda index: -abs(divided[index][1]))
    for index in by_remainder[: whole - sum(shares)]:
        shares[index] += 1
    return shares
