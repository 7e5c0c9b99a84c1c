"""`make docs`: write the pages of docs/ that are made from catalogs in the code and the orb."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from circleci_usage.cli.app import program
from circleci_usage.cli.help.entries import CommandHelp, every_help
from circleci_usage.cli.help.man import man_page
from circleci_usage.cli.help.markdown import commands_markdown
from circleci_usage.cli.json_output.catalog import json_markdown
from circleci_usage.report_folder.documentation import summary_markdown, tables_markdown
from orb_docs import orb_markdown
from warehouse_docs import warehouse_markdown

DOCS: Final = Path(__file__).parents[1] / "docs"


def _every_help() -> Iterator[CommandHelp]:
    return every_help(program())


PAGES: Final[dict[str, Callable[[], str]]] = {
    "tables.md": tables_markdown,
    "summary-json.md": summary_markdown,
    "json-output.md": json_markdown,
    "orb.md": orb_markdown,
    "warehouse-tables.md": warehouse_markdown,
    "commands.md": lambda: commands_markdown(_every_help()),
    "circleci-usage.1": lambda: man_page(_every_help()),
}
"""Name of a page in docs/ → its text."""


def main() -> None:
    for name, text in PAGES.items():
        (DOCS / name).write_text(text(), encoding="utf-8")
        print(f"Wrote docs/{name}.")


if __name__ == "__main__":
    main()
