"""What a report may ask CircleCI about, and what it gets back: plain values, no network.

The command line passes `Lookups` to the pipeline, which asks once the usage is read. By default
nothing is asked.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from circleci_usage.schema.keys import ProjectKey


@dataclass(frozen=True)
class AskedProject:
    """A project that is asked about.

    Attributes:
        key: its names.
        slug: its name at CircleCI, like `gh/acme/web`; None where that is not known.
        workflows: those whose tests are asked for.
    """

    key: ProjectKey
    slug: str | None
    workflows: tuple[str, ...]


@dataclass(frozen=True, order=True)
class KnownTest:
    """What names a test; `class_name` and `file` are empty where CircleCI does not know them."""

    project: ProjectKey
    workflow: str
    job: str
    name: str
    class_name: str = ""
    file: str = ""


@dataclass(frozen=True)
class FlakyTest:
    """A test that passed and failed on the same commit, within the last two weeks.

    Attributes:
        test: its names.
        times_flaked: how often.
    """

    test: KnownTest
    times_flaked: int


@dataclass(frozen=True)
class MeasuredTest:
    """A test among the slowest or the most failed ones of its workflow's latest runs.

    Attributes:
        test: its names.
        runs: how often it ran.
        failed_runs: how often it failed.
        p95_seconds: 95% of these runs finished within this time; None where that is not known.
        is_flaky: whether CircleCI calls it flaky.
        is_slow: whether it is among the slowest.
        is_failing: whether it is among the most failed.
    """

    test: KnownTest
    runs: int
    failed_runs: int
    p95_seconds: Decimal | None
    is_flaky: bool
    is_slow: bool = False
    is_failing: bool = False


@dataclass(frozen=True)
class LeftOut:
    """Projects whose tests are not known, and why: a phrase such as `CircleCI has no insights`."""

    why: str
    projects: tuple[ProjectKey, ...]


@dataclass(frozen=True)
class FoundTests:
    """What Insights says about the tests of some projects.

    Attributes:
        flaky: the flaky tests, in the order of the projects.
        measured: the slowest and the most failed tests of each workflow.
        projects: how many projects it knows about.
        left_out: those that it does not, by reason.
        warnings: what a reader should know, a sentence each.
    """

    flaky: tuple[FlakyTest, ...] = ()
    measured: tuple[MeasuredTest, ...] = ()
    projects: int = 0
    left_out: tuple[LeftOut, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class FoundNames:
    """The names of users.

    Attributes:
        names: id → name, of the users that CircleCI knows.
        warnings: what a reader should know, a sentence each.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class LookedUp:
    """What CircleCI answered; None where nobody asked."""

    tests: FoundTests | None = None
    users: FoundNames | None = None

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader should know, a sentence each."""
        about_tests = self.tests.warnings if self.tests else ()
        about_users = self.users.warnings if self.users else ()
        return (*about_tests, *about_users)


NOTHING: Final = LookedUp()


@dataclass(frozen=True)
class Lookups:
    """What to ask CircleCI when a report is made; None asks nothing.

    Neither ever fails: what is not known is left out, and the warnings say so.

    Attributes:
        tests: projects, the most expensive first → what Insights says about their tests.
        user_names: ids of users, the most active first → their names.
    """

    tests: Callable[[Sequence[AskedProject]], FoundTests] | None = None
    user_names: Callable[[Sequence[str]], FoundNames] | None = None


NO_LOOKUPS: Final = Lookups()
