"""explore.html: one file that answers questions about costs, loading nothing."""

from circleci_usage.render.view.report_view import ReportView


def explore_html(view: ReportView, data: str) -> str:
    """The page.

    Args:
        view: the report.
        data: the lines of its costs, in base64.
    """
    return f'<script type="text/plain" id="data">{data}</script>{view.currency}'
