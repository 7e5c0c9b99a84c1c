"""The stand-in's settings, where CircleCI's own behavior is a setting, a limit or not known."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from circleci_usage.demo.company.exportfile import Dialect
from circleci_usage.demo.standin.limits import RefusalStyle

DEMO_TOKEN: Final = "CCIPAT_demo_0123456789abcdef"  # noqa: S105 - valid for the stand-in only

ACCESS_LEVELS: Final = ("read", "write", "admin")
"""What a person can allow a program on the consent page; the first is the page's default."""


@dataclass(frozen=True)
class Fate:
    """What happens to one export job: what successive polls of it return.

    Attributes:
        states: one per poll; the last one stays.
        error_reason: why it failed.
        vanishes: whether every poll after the states is a 404.
        bare: how many polls return `completed` without URLs first.
        null: whether those have `null` instead of an empty list.
        listed: how many parts each poll after them lists; the last number stays. Without any, all
            parts.
    """

    states: tuple[str, ...] = ("completed",)
    error_reason: str | None = None
    vanishes: bool = False
    bare: int = 0
    null: bool = False
    listed: tuple[int, ...] = ()


@dataclass(kw_only=True)
class Rules:
    """The settings of the stand-in; the defaults are the strictest limits that CircleCI documents.

    They may be changed while it runs. None as a limit means no limit.
    """

    token: str = DEMO_TOKEN
    forbidden: Collection[str] = ()
    """Organizations (ids) that the token is not allowed to access: 403."""
    posts_per_hour: int | None = 10
    """Export requests per organization and hour; every authorized one counts, good or bad."""
    gets_per_hour: int | None = 10
    """Polls of export jobs per organization and hour."""
    refusal: RefusalStyle = "seconds"
    """How a 429 says how long to wait."""
    look_back: timedelta = timedelta(days=396)
    """How long ago `start` may be: 13 months; CircleCI's schema says one year."""
    polls_until_complete: int = 2
    """The poll, counted from 1, that finds an export job completed."""
    fates: Sequence[Fate] = ()
    """What happens to the first export jobs, in the order of their POSTs; later ones complete."""
    null_urls: bool = False
    """Whether POST returns `download_urls: null`, which the service did against its contract."""
    rows_per_part: int = 10_000
    dialect: Dialect = field(default_factory=Dialect)
    parts_in_query: bool = False
    """Whether the URLs of an export's parts differ only in their query."""
    url_lifetime: timedelta = timedelta(hours=1)
    ranges: bool = True
    """Whether the download host supports Range."""

    underscored: bool = False
    """Whether flaky tests have underscores in their keys, as the service writes them against its
    document, which has hyphens."""

    code_lifetime: timedelta = timedelta(minutes=10)
    """How long a program can exchange the code of an authorization for a token."""
    token_lifetime: timedelta = timedelta(days=90)
    """How long a token of the OAuth server is valid."""
    levels_that_export: Collection[str] = ACCESS_LEVELS
    """Access levels that may request exports; CircleCI does not document whether Read may."""

    def fate(self, number: int) -> Fate:
        """What happens to the export job with this number, counted from 0."""
        if number < len(self.fates):
            return self.fates[number]
        unfinished = ["processing"] * (self.polls_until_complete - 1)
        if len(unfinished) > 1:
            unfinished[0] = "created"
        return Fate((*unfinished, "completed"))
