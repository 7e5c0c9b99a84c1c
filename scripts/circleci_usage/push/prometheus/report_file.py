"""metrics.prom, which every report folder has: the same text as `push prometheus` writes."""

from pathlib import Path

from circleci_usage.push.prometheus.defaults import MAX_SERIES
from circleci_usage.push.prometheus.text import text_format
from circleci_usage.push.report_samples import ReportSamples, SampleOptions, samples_of
from circleci_usage.push.series_limit import within_limit
from circleci_usage.report import Report
from circleci_usage.report_folder.being_written import report_being_written


def write_report_metrics(report: Report, path: Path) -> None:
    """Write the file into a folder that has summary.json and the tables of the report by now."""
    written = report_being_written(report, path.parent)
    samples = samples_of(written, SampleOptions(), report.generated_at)
    path.write_text(report_metrics(samples), encoding="utf-8")


def report_metrics(samples: ReportSamples, limit: int = MAX_SERIES) -> str:
    """The file's text.

    With too many series, it leaves out labels, those that cause most series first; a comment says
    so.

    Args:
        samples: of a report, a snapshot.
        limit: how many series the file may have.
    """
    fewer, left_out = within_limit(samples.samples, limit)
    note = ""
    if left_out:
        note = (
            f"Without {', '.join(left_out)}: with them there would be {len(samples.samples):,}"
            f" series, more than {limit:,}."
        )
    return text_format(samples.report.period, fewer, note)
