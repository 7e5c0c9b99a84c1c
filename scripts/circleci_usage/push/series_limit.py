"""Series cost money or memory wherever they go: how many there are, and how to have fewer."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from circleci_usage.push.metrics import DEFAULT_TAGS, OPT_IN_TAGS, USER_TAG
from circleci_usage.push.samples import Sample, TagPairs, summed

Series = tuple[str, TagPairs]
"""A metric with one combination of tags."""


def series_of(samples: Iterable[Sample]) -> set[Series]:
    """The series that samples belong to, whatever their times."""
    return {(sample.metric, sample.tags) for sample in samples}


def series_objection(
    samples: Iterable[Sample], limit: int, why: str, added: Collection[str] = ()
) -> str | None:
    """Why so many series need consent, and which tag to leave out; None for few enough.

    Args:
        samples: what would be sent.
        limit: how many series may be sent.
        why: what too many of them do, to follow `and`.
        added: what the tags of the settings file are called that were added.
    """
    series = series_of(samples)
    if len(series) <= limit:
        return None
    too_many = f"{len(series):,} series exceed the limit of {limit:,} (--max-series), and {why}."
    worst = _worst_tag(series, added)
    if worst is None:
        return f"{too_many} Allow them with --max-series {len(series)}."
    tag, remaining = worst
    how = _how_to_leave_out(tag, added)
    return (
        f"{too_many} The tag {tag} causes most of them: without it there are {remaining:,}."
        f" Leave it out {how}, or allow them with --max-series {len(series)}."
    )


def _how_to_leave_out(tag: str, added: Collection[str]) -> str:
    if tag == USER_TAG:
        return "with `people: {show: no}` in the settings file of the report"
    return "of --tags" if tag in {*OPT_IN_TAGS, *added} else f"with --without-tags {tag}"


def within_limit(samples: Sequence[Sample], limit: int) -> tuple[Sequence[Sample], tuple[str, ...]]:
    """Samples of one time in at most so many series, if leaving out tags achieves that.

    Returns:
        The samples, summed up; and the tags that were left out, those that cause most series first.
    """
    left_out: list[str] = []
    while len(samples) > limit and (worst := _worst_tag(series_of(samples))):
        tag, _ = worst
        samples = summed(sample._replace(tags=_without(sample.tags, tag)) for sample in samples)
        left_out.append(tag)
    return samples, tuple(left_out)


def _worst_tag(series: Collection[Series], added: Collection[str] = ()) -> tuple[str, int] | None:
    """The tag that causes most series, and how many there would be without it.

    Of tags that cause as many, the one with more names. None if no tag can be left out.
    """
    names: defaultdict[str, set[str]] = defaultdict(set)
    for _, tags in series:
        for key, name in tags:
            names[key].add(name)
    # A tag that was added comes first: without it the series are what they were before.
    keys = names.keys() & {*OPT_IN_TAGS, *added, USER_TAG} or names.keys() & {*DEFAULT_TAGS}
    counts = {key: len(_series_without(series, key)) for key in sorted(keys)}
    worst = min(counts, key=lambda key: (counts[key], -len(names[key])), default=None)
    return None if worst is None else (worst, counts[worst])


def _series_without(series: Iterable[Series], key: str) -> set[Series]:
    return {(metric, _without(tags, key)) for metric, tags in series}


def _without(tags: TagPairs, left_out: str) -> TagPairs:
    return tuple((key, name) for key, name in tags if key != left_out)
