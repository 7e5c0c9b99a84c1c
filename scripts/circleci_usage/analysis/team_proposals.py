"""Projects → proposed teams, and rules for what no team owns, by the first word of their names.

`pay-api` and `pay-web` are a team `pay` with the glob `pay-*`. A word that (nearly) all projects of
an organization begin with says nothing, so there the next word decides: `acme-pay-api` belongs to
`acme-pay`. A team's globs match its projects and no other, so the order of the teams does not
matter; what cannot be written that way is not proposed.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from circleci_usage.core.decimals import total
from circleci_usage.core.globs import matcher
from circleci_usage.core.patterns import is_regex
from circleci_usage.costs.allocation import SHARED, UNALLOCATED
from circleci_usage.schema.export_columns import NO_NAME

MOST_TEAMS: Final = 20

_SEPARATOR: Final = re.compile(r"[-_./ :]")
_FEWEST: Final = 2
"""Projects that a team has: a word that one project has is no sign of a team."""

_LONGEST_WORD: Final = 60
_LONGEST_GLOB: Final = 200
_LONGEST_LIST: Final = 1_000
"""Characters of all globs of a team."""

_SEVERAL: Final = 4
"""Projects that an organization has for its names to show a common first word."""

_NEARLY_ALL: Final = Decimal("0.8")

_LEAST_SHARE: Final = Decimal("0.01")
"""Of the largest project: a group with less is no team that anybody looks for."""


@dataclass(frozen=True)
class SeenProject:
    """A project by the names that globs match, and all credits that it used."""

    organization: str
    name: str
    credits: Decimal

    @property
    def has_name(self) -> bool:
        """Whether it is a project; charges such as seats have none."""
        return self.name != NO_NAME

    @property
    def path(self) -> str:
        """As globs may name it, too: `acme/web`."""
        return f"{self.organization}/{self.name}"


@dataclass(frozen=True)
class ProposedTeam:
    """A team.

    Attributes:
        name: the word that its projects' names begin with.
        globs: what matches its projects, and no other.
        projects: the most credits first.
    """

    name: str
    globs: tuple[str, ...]
    projects: tuple[SeenProject, ...]

    @property
    def credits(self) -> Decimal:
        """The credits of its projects."""
        return total(project.credits for project in self.projects)


@dataclass(frozen=True)
class ProposedTeams:
    """Teams, and what belongs to none of them.

    Attributes:
        teams: the most credits first.
        unallocated: all other projects, the most credits first.
        left_out: smaller groups of projects beyond `MOST_TEAMS`; theirs are unallocated.
    """

    teams: tuple[ProposedTeam, ...] = ()
    unallocated: tuple[SeenProject, ...] = ()
    left_out: int = 0


NO_TEAMS: Final = ProposedTeams()


@dataclass(frozen=True)
class ProposedRule:
    """An entry to add at the end of the teams that there are.

    Attributes:
        team: a team that there is already, or a new one.
        globs: what matches projects that no team owns, and no others of these.
    """

    team: str
    globs: tuple[str, ...]


@dataclass(frozen=True)
class _Group:
    """Projects whose names begin with the same words, whatever their case.

    Attributes:
        beginning: these words, with the case of the project with the most credits.
        projects: the most credits first.
    """

    beginning: str
    projects: tuple[SeenProject, ...]

    @property
    def credits(self) -> Decimal:
        return total(project.credits for project in self.projects)

    @property
    def is_team(self) -> bool:
        """Whether several projects share a word that can be the name of a team."""
        several = len({project.name for project in self.projects}) >= _FEWEST
        return several and _is_plain_word(self.beginning)


def propose_teams(projects: Sequence[SeenProject]) -> ProposedTeams:
    """Teams from the names of projects.

    Args:
        projects: all that is known, the most credits first; also charges without a project, which
            no glob may match.
    """
    named = [project for project in projects if project.has_name]
    least = max((project.credits for project in named), default=Decimal(0)) * _LEAST_SHARE
    words = [group for group in _groups(named, 0) if group.is_team]
    groups = [group for group in words if group.credits >= least]
    groups.sort(key=lambda group: (-group.credits, group.beginning))
    names: set[str] = set()
    teams = []
    for group in groups[:MOST_TEAMS]:
        globs = _exact_globs(group, projects)
        name = _team_name(group.beginning, names)
        if globs:
            names.add(name)
            teams.append(ProposedTeam(name, globs, group.projects))
    allocated = {project for team in teams for project in team.projects}
    unallocated = tuple(project for project in named if project not in allocated)
    return ProposedTeams(tuple(teams), unallocated, len(groups[MOST_TEAMS:]))


def propose_rules(
    unallocated: Sequence[SeenProject],
    owners: Mapping[SeenProject, Collection[str]],
    teams: Collection[str],
) -> dict[SeenProject, ProposedRule]:
    """Rules for projects that no team owns, or not all of them.

    A project goes to the only team that owns others with the same first word, or has that word as
    its name; else several of them are a new team. At the end of the teams, their rules get nothing
    that another one owns.

    Args:
        unallocated: the most credits first; also charges without a project, which no glob may
            match.
        owners: every project, the most credits first → the teams that own some of it.
        teams: all that there are.
    """
    waiting = {project for project in unallocated if project.has_name}
    named = [project for project in owners if project.has_name]
    found: dict[SeenProject, ProposedRule] = {}
    for group in _groups(named, 0):
        rest = _Group(group.beginning, tuple(filter(waiting.__contains__, group.projects)))
        team = _team_for(rest, {name for each in group.projects for name in owners[each]}, teams)
        if rest.projects and team:
            if len(rest.projects) == 1:
                rest = _Group(rest.projects[0].name, rest.projects)
            rule = ProposedRule(team, _exact_globs(rest, unallocated))
            found |= dict.fromkeys(rest.projects if rule.globs else (), rule)
    return found


def _team_for(group: _Group, owning: Collection[str], teams: Collection[str]) -> str | None:
    """The team that projects should belong to; None where nothing tells.

    Args:
        group: the projects.
        owning: the teams that own projects with the same first word.
        teams: all teams.
    """
    if owning:
        return next(iter(owning)) if len(owning) == 1 else None
    same = [team for team in sorted(teams) if team.casefold() == group.beginning.casefold()]
    if same:
        return same[0]
    return _team_name(group.beginning, {*teams}) if group.is_team else None


def _groups(projects: Sequence[SeenProject], start: int) -> list[_Group]:
    """The projects by the words that end first after a position in their names."""
    found: defaultdict[str, list[SeenProject]] = defaultdict(list)
    for project in projects:
        found[_beginning(project.name, start).casefold()].append(project)
    of_all = Counter(project.organization for project in projects)
    groups = []
    for members in found.values():
        beginning = _beginning(members[0].name, start)
        group = _Group(beginning, tuple(members))
        groups += _split(group) if _says_nothing(group, of_all) else [group]
    return groups


def _split(group: _Group) -> list[_Group]:
    """The group by the next words of its names, if several teams come out of it."""
    inner = _groups(group.projects, len(group.beginning) + 1)
    teams = [each for each in inner if each.is_team]
    return inner if len(teams) >= _FEWEST else [group]


def _says_nothing(group: _Group, of_all: Mapping[str, int]) -> bool:
    """Whether nearly all projects of an organization begin like this.

    Args:
        group: some projects.
        of_all: organization → how many projects it has in all.
    """
    of_group = Counter(project.organization for project in group.projects)
    return len(group.beginning) <= _LONGEST_WORD and any(
        of_all[name] >= _SEVERAL and count >= of_all[name] * _NEARLY_ALL
        for name, count in of_group.items()
    )


def _beginning(name: str, start: int) -> str:
    """A name up to the end of its first word, or of the word at a position.

    >>> _beginning("acme-pay-api", 0), _beginning("acme-pay-api", 5), _beginning("web", 0)
    ('acme', 'acme-pay', 'web')
    """
    separator = _SEPARATOR.search(name, start + 1)
    return name[: separator.start()] if separator else name


def _is_plain_word(text: str) -> bool:
    is_visible = text.isprintable() and any(map(str.isalnum, text))
    is_literal = not {"*", "?"}.intersection(text)
    return is_visible and is_literal and text == text.strip() and len(text) <= _LONGEST_WORD


def _team_name(beginning: str, taken: set[str]) -> str:
    """The name of a team; those of the reserved names get an addition."""
    name = beginning
    while name in taken or name in {SHARED, UNALLOCATED}:
        name += "-team"
    return name


def _exact_globs(group: _Group, projects: Sequence[SeenProject]) -> tuple[str, ...]:
    """The shortest globs that match the projects of the group and no other; none if none do.

    A glob also matches the path `organization/project`: where an organization is called
    `web-agency`, `web-*` would match all that it has.
    """
    wanted = set(group.projects)
    for globs in _possible_globs(group):
        if _can_be_written(globs) and _matched(globs, projects) == wanted:
            return globs
    return ()


def _can_be_written(globs: Sequence[str]) -> bool:
    """Whether the settings file can have these globs."""
    is_short = len("".join(globs)) <= _LONGEST_LIST
    is_valid = all(glob == glob.strip() and len(glob) <= _LONGEST_GLOB for glob in globs)
    return is_short and is_valid and not any(map(is_regex, globs))


def _possible_globs(group: _Group) -> Iterator[tuple[str, ...]]:
    length = len(group.beginning)
    yield _in_order(_glob(project.name, length) for project in group.projects)
    yield _in_order(
        f"{project.organization}/{_glob(project.name, length)}" for project in group.projects
    )
    yield _in_order(project.path for project in group.projects)


def _glob(name: str, length: int) -> str:
    """`pay-*` for `pay-api`, and `pay` for `pay`."""
    return f"{name[: length + 1]}*" if len(name) > length else name


def _in_order(globs: Iterator[str]) -> tuple[str, ...]:
    return tuple(sorted(set(globs)))


def _matched(globs: Sequence[str], projects: Sequence[SeenProject]) -> set[SeenProject]:
    matches = matcher(globs)
    return {each for each in projects if matches(each.name) or matches(each.path)}
