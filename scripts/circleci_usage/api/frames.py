"""Amounts and tables as pandas frames: exact decimals, or float64 for charts and statistics."""

from collections.abc import Mapping, Sequence

import pandas as pd

from circleci_usage.api.arguments import names_of
from circleci_usage.core.errors import SettingsError
from circleci_usage.core.untrusted_text import inert
from circleci_usage.costs.costs import exact_columns
from circleci_usage.report_folder.columns import CatalogTable


def with_amounts(
    counts: pd.DataFrame, places: Mapping[str, int], *, exact: bool = True
) -> pd.DataFrame:
    """A frame with amounts in place of the counts whose decimal places are given.

    Args:
        counts: names, and whole numbers of 10^-places.
        places: amount → its decimal places; other columns stay as they are.
        exact: whether amounts are `Decimal` objects rather than float64.
    """
    if exact:
        return exact_columns(counts, places)
    floats = {}
    for name, digits in places.items():
        floats[name] = counts[name].astype("float64") / 10.0**digits
    return counts.assign(**floats)


def typed(lines: pd.DataFrame, table: CatalogTable, *, exact: bool = True) -> pd.DataFrame:
    """The lines of a table, each column in the pandas type of what the catalog says.

    Text is `str`, a day `datetime64`, a whole number `int64` (`Int64` where values are missing), a
    measured number `float64`, and a decimal a `Decimal` object, or `float64` unless `exact`.
    """
    # What the catalog does not name is the value of a tag of the settings file.
    types = {column.name: column.type for column in table.columns}
    columns = {}
    for name, values in lines.items():
        columns[name] = _converted(values, types.get(str(name), "text"), exact=exact)
    return pd.DataFrame(columns).reset_index(drop=True)


def _converted(values: pd.Series, kind: str, *, exact: bool) -> pd.Series:
    match kind:
        case "decimal" if exact:
            return values
        case "decimal" | "number":
            return values.astype("float64")
        case "integer":
            return values.astype("Int64" if values.isna().any() else "int64")
        case "day":
            return values.astype("datetime64[us]")
        case _:
            return values.astype("str")


def checked_names(by: Sequence[str] | None, known: Sequence[str]) -> list[str]:
    """The names to sum by, each one of the known; all of these without any.

    Raises:
        SettingsError: one is unknown or given twice, or there is none.
    """
    if by is None:
        return [*known]
    names = names_of(by)
    unknown = next((name for name in names if name not in known), None)
    if unknown is not None:
        shown = inert(repr(unknown))
        raise SettingsError(f"by: {shown} is not available here; choose from {', '.join(known)}.")
    if not names or len(set(names)) < len(names):
        raise SettingsError("by: name at least one dimension, and each one once.")
    return names
