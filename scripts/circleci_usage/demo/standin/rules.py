"""How the stand-in behaves where CircleCI's own behaviour is a setting, a limit or not known: every knob, said once."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from circleci_usage.demo.company.exportfile import Dialect
from circleci_usage.demo.standin.limits import RefusalStyle

DEMO_TOKEN: Final = "CCIPAT_demo_0123456789abcdef"  # noqa: S105 - opens nothing but the stand-in


@dataclass(frozen=True)
class Fate:
    """What becomes of one export job: what successive GETs of it say.

    `states` are told one a GET, the last one for ever; `vanishes` makes every GET after them a 404. The first `bare`
    GETs that say completed carry no URLs: `null` or an empty list. `listed` is how many parts the lists after them
    hold, one after the other, the last number for ever; none given means all parts.
    """

    states: tuple[str, ...] = ("completed",)
    error_reason: str | None = None
    vanishes: bool = False
    bare: int = 0
    null: bool = False
    listed: tuple[int, ...] = ()


@dataclass(kw_only=True)
class Rules:
    """The knobs of the stand-in; the defaults are the strictest that CircleCI documents.

    They may be turned while it runs. None as a limit means no limit.
    """

    token: str = DEMO_TOKEN
    forbidden: Collection[str] = ()
    """Organisations (ids) that the token may not see: 403."""
    posts_per_hour: int | None = 10
    """Export jobs per organisation and hour; every request that was allowed in counts, good or bad."""
    gets_per_hour: int | None = 10
    """Looks at export jobs per organisation and hour."""
    refusal: RefusalStyle = "seconds"
    """How a 429 tells the time to wait."""
    look_back: timedelta = timedelta(days=396)
    """How long ago `start` may be: 13 months; CircleCI's schema says one year."""
    polls_until_complete: int = 2
    """The GET, counted from 1, that finds an export job completed."""
    fates: Sequence[Fate] = ()
    """What becomes of the first export jobs, in the order of their POSTs; those after them complete."""
    null_urls: bool = False
    """Answer POST with `download_urls: null`, as the service was seen to do against its contract."""
    rows_per_part: int = 10_000
    dialect: Dialect = field(default_factory=Dialect)
    parts_in_query: bool = False
    """Whether the URLs of an export's parts differ in their query alone."""
    url_lifetime: timedelta = timedelta(hours=1)
    ranges: bool = True
    """Whether the download host honours Range."""

    def fate(self, number: int) -> Fate:
        """What becomes of the export job with this number, counted from 0."""
        if number < len(self.fates):
            return self.fates[number]
        unfinished = ["processing"] * (self.polls_until_complete - 1)
        if len(unfinished) > 1:
            unfinished[0] = "created"
        return Fate((*unfinished, "completed"))
