"""What a dimension is: its names, and where it appears. `schema.dimensions` lists all of them."""

from dataclasses import dataclass
from enum import Flag, StrEnum, auto


class Place(Flag):
    """Where a dimension appears."""

    DAILY_USAGE = auto()
    """Job runs are summed by it."""
    BRANCH_USAGE = auto()
    """Job runs of branches are summed by it. Branches times jobs would be too many."""
    USER_USAGE = auto()
    """Job runs of users are summed by it. Users times jobs would be too many."""
    OF_JOBS = auto()
    """Only a job run has a value; charges without a job show their credit type instead."""
    ALLOCATION = auto()
    """The rules of teams and shared costs look at it."""
    CHARGES = auto()
    """`Report.charged` and the cost files, such as focus.csv, have it."""
    CUBE = auto()
    """tables/cube.csv has it."""
    DAILY_TABLES = auto()
    """tables/daily_charges.csv and tables/daily_runs.csv have it."""
    CUSTOM_COSTS = auto()
    """Each line of a Custom Costs file has it as a tag."""
    EXPLORER = auto()
    """explore.html and `circleci-usage costs` filter and group by it."""
    RESERVED = auto()
    """A tag in the settings file cannot have this name: tables of costs have such a column."""


class Tag(StrEnum):
    """Whether Datadog metrics can have a dimension as a tag."""

    NEVER = "never"
    DEFAULT = "default"
    OPT_IN = "opt-in"


@dataclass(frozen=True)
class BreakdownTable:
    """A breakdown of the totals, which is a table and, mostly, a list in summary.json.

    Attributes:
        name: its name, also that of its table: tables/NAME.csv.
        keys: the dimensions that name a line.
        title: its heading.
        heading: what one of its lines is; heads the column of their names.
        summary_key: its list in summary.json; None where it has none.
        position: its place among the others: lower comes first.
    """

    name: str
    keys: tuple[str, ...]
    title: str
    heading: str
    summary_key: str | None
    position: int


@dataclass(frozen=True)
class OwnTable:
    """The breakdown by one dimension, as far as it differs from what the dimension's row says.

    Attributes:
        name: see `BreakdownTable`.
        keys: the dimensions that name a line; none: the dimension alone.
        heading: instead of the dimension's label.
        summary_key: instead of `by_DIMENSION`.
        in_summary: whether summary.json has such a list.
        position: see `BreakdownTable`.
    """

    name: str
    keys: tuple[str, ...] = ()
    heading: str = ""
    summary_key: str = ""
    in_summary: bool = True
    position: int = 100


@dataclass(frozen=True, kw_only=True)
class Dimension:
    """What usage can be broken down by.

    Attributes:
        name: our column.
        column: the export's column; None for what is derived: branch group, credit type, team.
        label: one of its values, as people read it.
        plural: several of them.
        meaning: one sentence for the documentation.
        places: where it appears.
        identity: the dimension whose value stays when this one is renamed.
        tag: whether Datadog metrics can have it as a tag.
        breakdown: its own table and list of summary.json; None where it has neither.
    """

    name: str
    column: str | None = None
    label: str
    plural: str
    meaning: str
    places: Place
    identity: str | None = None
    tag: Tag = Tag.NEVER
    breakdown: OwnTable | None = None
