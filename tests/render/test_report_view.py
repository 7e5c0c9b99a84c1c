"""What page, texts and charts share."""

from circleci_usage.render.view.report_view import ReportView
from sample_reports import acme_report


def test_each_part_is_worked_out_once() -> None:
    view = ReportView(acme_report())

    assert view.projects is view.projects
    assert view.daily is view.daily
    assert view.project_names is view.project_names


def test_views_share_nothing() -> None:
    one, other = ReportView(acme_report()), ReportView(acme_report())

    assert one.projects is not other.projects
    assert one.projects == other.projects
