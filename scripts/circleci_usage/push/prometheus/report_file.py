"""metrics.prom, which every report folder has: the same text as `push prometheus` writes."""

from circleci_usage.push.prometheus.defaults import MAX_SERIES
from circleci_usage.push.prometheus.text import text_format
from circleci_usage.push.report_samples import ReportSamples
from circleci_usage.push.series_limit import within_limit


def report_metrics(samples: ReportSamples, limit: int = MAX_SERIES) -> str:
    """The file's text, after a comment with the days of the report.

    With too many series, it leaves out labels, those that cause most series first; another comment
    says so.

    Args:
        samples: of a report, a snapshot.
        limit: how many series the file may have.
    """
    fewer, left_out = within_limit(samples.samples, limit)
    comments = [f"# Report for {samples.report.period}, for node_exporter's textfile collector.\n"]
    if left_out:
        comments.append(
            f"# Without {', '.join(left_out)}: with them there would be"
            f" {len(samples.samples):,} series, more than {limit:,}.\n"
        )
    return "".join(comments) + text_format(fewer)
