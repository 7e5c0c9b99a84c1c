"""Rows with equal names, summed."""

from collections.abc import Sequence

import pandas as pd


def sum_by(
    frame: pd.DataFrame, keys: Sequence[str], measures: Sequence[str], *, sort: bool = True
) -> pd.DataFrame:
    """The sums of some measures for each combination of names that there is.

    Amounts are whole numbers or decimals, so the sums are exact.

        >>> usage = pd.DataFrame({"team": ["web", "api", "web"], "credits": [1, 2, 4]})
        >>> sum_by(usage, ["team"], ["credits"])["credits"].to_dict()
        {'api': 2, 'web': 5}

    Args:
        frame: names and measures.
        keys: the columns that name a group; at least one.
        measures: the columns to sum.
        sort: whether the groups are sorted by their names; otherwise they are in the order of the
            rows.

    Returns:
        The measures; the names are the index.
    """
    groups = frame.groupby([*keys], observed=True, sort=sort)
    return groups[[*measures]].sum()
