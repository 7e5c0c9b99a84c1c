"""Splits whole numbers by weights so that the shares sum to the whole: largest remainders."""

from collections.abc import Sequence


def apportion(whole: int, weights: Sequence[int]) -> list[int]:
    """Split `whole` in proportion to weights; indivisible units go to the largest remainders.

    Among equal remainders the earlier one wins, so the order of the weights should be stable, such
    as by their names. Weights and whole may be negative; no share is more than a whole unit off its
    exact size.

        >>> apportion(100, [1, 1, 1])
        [34, 33, 33]

    Raises:
        ValueError: the weights sum to zero.
    """
    total = sum(weights)
    if not total:
        raise ValueError("weights that sum to zero split nothing")
    divided = [divmod(whole * weight, total) for weight in weights]
    shares = [share for share, _ in divided]
    # A negative total reverses the remainders' sign, so compare their distance from the next unit.
    by_remainder = sorted(range(len(weights)), key=lambda index: -abs(divided[index][1]))
    for index in by_remainder[: whole - sum(shares)]:
        shares[index] += 1
    return shares
