"""What a reader should know about the rates of resource classes before trusting savings."""

from collections.abc import Iterator

from circleci_usage.analysis.rightsizing import RightSizing
from circleci_usage.core.decimals import plain


def rate_warnings(right_sizing: RightSizing) -> Iterator[str]:
    """A sentence for each class whose known rate differs from what the export charges."""
    for used in right_sizing.classes:
        charged = used.contradiction
        if charged and used.rate is not None:
            known, found = plain(used.rate), plain(charged.credits_per_minute)
            yield (
                f"{used.executor} {used.name} costs {known} credits a minute according to the"
                f" {used.rate_source}, but {found} in this export ({charged.runs:,} runs agree)."
                f" Savings are calculated with {known}; if {found} is right, set it under `rates`"
                " in the settings file."
            )
