"""Costs by the values of tags as people read them."""

from typing import Final

from circleci_usage.analysis.breakdowns import Breakdown
from circleci_usage.render.formatting import shortened, visible_name
from circleci_usage.render.view.breakdown_lines import lines, top
from circleci_usage.render.view.report_view import ReportView
from circleci_usage.render.view.top_lists import TopLine, TopList
from circleci_usage.report_folder.tag_tables import TAG_COSTS
from circleci_usage.schema.report_files import table_file

_HEADING: Final = "Value"


def tag_list(view: ReportView, tag: Breakdown, limit: int, label_length: int) -> TopList:
    """The most expensive values of a tag.

    Args:
        view: the report.
        tag: the breakdown by its values.
        limit: how many values to show, besides the rest.
        label_length: longer values lose their middle.
    """
    chosen = top(lines(tag), limit)
    names = [line.name for line in chosen.lines]
    rows = [
        TopLine(line.name, label, "", line, view.explore.named({tag.name: line.own_name}), None)
        for line, label in zip(chosen.lines, shortened(names, label_length), strict=True)
    ]
    return TopList(
        title=visible_name(tag.name),
        heading=_HEADING,
        rows=rows,
        rest=chosen.rest,
        others=f"{chosen.others:,} other values",
        file=table_file(TAG_COSTS.name),
        is_hostile=True,
    )
