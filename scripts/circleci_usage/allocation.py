"""Costs → owned costs: which team each cost is shown to."""

from typing import Final

import pandas as pd

UNALLOCATED: Final = "unallocated"
"""The owner of what no team claims."""


def allocate(frame: pd.DataFrame) -> pd.DataFrame:
    """Add the owner of each row as the categorical `team`."""
    return frame.assign(team=pd.Categorical([UNALLOCATED] * len(frame)))
