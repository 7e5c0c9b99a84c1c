"""explore.html: costs by any dimensions, as one file that asks no server.

The page has no numbers of its own: its script decodes the data inside of it and shows what the
address after `#` asks for. docs/explore.md describes the address.
"""

from circleci_usage.render.explorer.script import explorer_script
from circleci_usage.render.html.pages import page_script, page_style, page_templates, script_hash
from circleci_usage.render.view.breakdown_lines import lines
from circleci_usage.render.view.report_view import ReportView
from circleci_usage.schema.report_files import PAGE_NAME, team_page


def explore_html(view: ReportView, data: str) -> str:
    """The page.

    Args:
        view: of the report that it belongs to.
        data: the encoded lines of costs, as base64.
    """
    templates = page_templates("circleci_usage.render.explorer")
    script = explorer_script()
    return templates.get_template("explore.html.j2").render(
        report=view.report,
        organizations=[line.name for line in lines(view.report.breakdowns["organizations"])],
        page=PAGE_NAME,
        teams=[(each.team, team_page(each.folder)) for each in view.report.team_reports],
        data=data,
        style=page_style(templates, "explore.css"),
        script=page_script(script),
        script_hash=script_hash(script),
    )
