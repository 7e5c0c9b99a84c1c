"""What Grafana does with a query before its PostgreSQL data source sends it.

Its browser side puts in the values of variables; its server side then expands macros. Both as in
Grafana's documentation of variable formats and of the PostgreSQL data source.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from paths import ROOT

FILE: Final = ROOT / "dashboards" / "grafana-postgresql.json"
_VARIABLE: Final = re.compile(r"\$\{(\w+)(?::(\w+))?\}")
_MACRO: Final = re.compile(r"\$(\w+)\(([^)]*)\)")

Values = Mapping[str, Sequence[str]]
"""Variable → the values that are chosen."""


@dataclass(frozen=True)
class View:
    """What a person has chosen on a dashboard.

    Attributes:
        first: first selected day.
        last: last selected day.
        values: variable → its values.
    """

    first: date
    last: date
    values: Values = field(default_factory=dict)

    def sql(self, query: str) -> str:
        """The query as the server gets it."""
        return _MACRO.sub(self._macro, _VARIABLE.sub(self._variable, query))

    def _variable(self, found: re.Match[str]) -> str:
        name, form = found.groups()
        assert form == "sqlstring", f"{name} is not quoted"
        return ",".join("'" + value.replace("'", "''") + "'" for value in self.values[name])

    def _macro(self, found: re.Match[str]) -> str:
        name, argument = found.groups()
        first, last = f"'{self.first}T00:00:00Z'", f"'{self.last}T23:59:59.999Z'"
        return {
            "__timeFilter": f"{argument} BETWEEN {first} AND {last}",
            "__timeFrom": first,
            "__timeTo": last,
        }[name]


def dashboard() -> dict[str, Any]:
    """The dashboard that comes with the package."""
    loaded: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return loaded


def panels() -> Iterator[dict[str, Any]]:
    """Its panels, without the headings of rows."""
    return (panel for panel in dashboard()["panels"] if panel["type"] != "row")


def queries() -> dict[str, str]:
    """Title of a panel, without the currency → its query."""
    return {
        panel["title"].removesuffix(" ($currency)"): panel["targets"][0]["rawSql"]
        for panel in panels()
    }


def variable_queries() -> dict[str, str]:
    """Variable → the query of its values, in the order in which Grafana asks for them."""
    variables = dashboard()["templating"]["list"]
    return {each["name"]: each["query"] for each in variables if each["type"] == "query"}
