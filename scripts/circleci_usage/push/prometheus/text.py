"""Samples → Prometheus' text format (prometheus.io/docs/instrumenting/exposition_formats).

Without timestamps: node_exporter refuses a file that has them. Every metric is a gauge, because a
later report replaces an earlier one.
"""

from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Final

from circleci_usage.core.decimals import plain
from circleci_usage.core.periods import Period
from circleci_usage.push.metrics import MEANINGS
from circleci_usage.push.samples import Sample, TagPairs

_IN_LABELS: Final = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})
_IN_HELP: Final = str.maketrans({"\\": r"\\", "\n": r"\n"})


def metric_name(metric: str) -> str:
    """A metric by Prometheus' rules for names.

    >>> metric_name("circleci.usage.cost")
    'circleci_usage_cost'
    """
    return metric.replace(".", "_")


def text_format(period: Period, samples: Iterable[Sample], note: str = "") -> str:
    """Samples, metric by metric, each in the order of its tags.

    Values have all their digits, though Prometheus keeps doubles.

    Args:
        period: the days of the report, for a comment.
        samples: no two with the same metric and tags.
        note: a line for another comment.
    """
    of_metric: dict[str, list[Sample]] = {metric: [] for metric in MEANINGS}
    for sample in sorted(samples, key=attrgetter("tags")):
        of_metric[sample.metric].append(sample)
    comments = [f"CircleCI usage, {period}.", note]
    families = [line for metric in MEANINGS for line in _family(metric, of_metric[metric])]
    return "".join([*(f"# {comment}\n" for comment in comments if comment), *families])


def _family(metric: str, samples: Sequence[Sample]) -> Iterator[str]:
    """A metric with its samples; nothing where there are none."""
    if not samples:
        return
    name = metric_name(metric)
    yield f"# HELP {name} {MEANINGS[metric].translate(_IN_HELP)}\n"
    yield f"# TYPE {name} gauge\n"
    for sample in samples:
        yield f"{name}{{{_labels(sample.tags)}}} {plain(sample.value)}\n"


def _labels(tags: TagPairs) -> str:
    r"""Tags as labels.

    >>> _labels((("project", 'my "app"'), ("team", "web")))
    'project="my \\"app\\"",team="web"'
    """
    return ",".join(f'{key}="{name.translate(_IN_LABELS)}"' for key, name in tags)
