"""Units and what they cost, computed the slow way: loops over rows, sharing no tested code."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from fnmatch import fnmatchcase
from fractions import Fraction

import run_oracle
from run_oracle import Fields

Counts = dict[str, Fraction]
Place = tuple[str, str]
"""A month, such as `2026-03`, and a team; `*` is the whole."""

SIX = Decimal("0.000001")


def units(
    rows: Sequence[Fields],
    team_of: Callable[[Fields], str],
    default_branches: Sequence[str],
    deploys: str,
) -> dict[Place, Counts]:
    """Month and team → unit → how many; `team_of` is also given rows without a job."""
    found: defaultdict[Place, Counts] = defaultdict(lambda: defaultdict(Fraction))
    users: defaultdict[Place, set[str]] = defaultdict(set)
    default = _default_branches(rows, default_branches)
    for row in rows:
        month = str(row["JOB_RUN_DATE"])[:7]
        is_deploy = row["JOB_BUILD_STATUS"] == "success" and _matches(row["JOB_NAME"], deploys)
        for place in ((month, "*"), (month, team_of(row))):
            found[place]["build_minute"] += Fraction(row["JOB_RUN_SECONDS"] or 0) / 60
            found[place]["deploy"] += is_deploy
        if row["PIPELINE_TRIGGER_USER_ID"] is not None:
            without_job = {**row, "JOB_NAME": None, "VCS_BRANCH": None}
            for place in ((month, "*"), (month, team_of(without_job))):
                users[place].add(str(row["PIPELINE_TRIGGER_USER_ID"]))
    for first in _first_rows(rows, "PIPELINE_ID").values():
        _add(found, first[0], team_of, "pipeline")
    for run in _first_rows(rows, "WORKFLOW_ID").values():
        (counts,) = run_oracle.workflows(run).values()
        if counts.running:
            continue
        _add(found, run[0], team_of, "workflow_run")
        if counts.succeeded and run[0]["VCS_BRANCH"] == default.get(run[0]["PROJECT_ID"]):
            _add(found, run[0], team_of, "default_branch_success")
    for place, active in users.items():
        found[place]["active_user"] = Fraction(len(active))
    return dict(found)


def _matches(name: str | None, glob: str) -> bool:
    return name is not None and fnmatchcase(name, glob)


def _default_branches(
    rows: Iterable[Fields], default_branches: Sequence[str]
) -> Mapping[str | None, str]:
    branches: defaultdict[str | None, set[str | None]] = defaultdict(set)
    for row in rows:
        branches[row["PROJECT_ID"]].add(row["VCS_BRANCH"])
    found = {}
    for project, every in branches.items():
        known = [name for name in default_branches if name in every]
        if known:
            found[project] = known[0]
    return found


def _first_rows(rows: Iterable[Fields], column: str) -> Mapping[str, list[Fields]]:
    """What belongs together, the first day first."""
    together: defaultdict[str, list[Fields]] = defaultdict(list)
    for row in rows:
        if row[column] is not None:
            together[str(row[column])].append(row)
    for run in together.values():
        run.sort(key=lambda row: str(row["JOB_RUN_DATE"]))
    return together


def _add(
    found: dict[Place, Counts], row: Fields, team_of: Callable[[Fields], str], unit: str
) -> None:
    month = str(row["JOB_RUN_DATE"])[:7]
    found[month, "*"][unit] += 1
    found[month, team_of({**row, "JOB_NAME": None})][unit] += 1


def costs(
    rows: Iterable[Fields], price: str, team_of: Callable[[Fields], str]
) -> dict[Place, Decimal]:
    """Month and team → what is charged, before anything is shared."""
    found: defaultdict[Place, Decimal] = defaultdict(Decimal)
    for row in rows:
        month = str(row["JOB_RUN_DATE"])[:7]
        cost = Decimal(str(row["TOTAL_CREDITS"])) * Decimal(price)
        found[month, "*"] += cost
        found[month, team_of(row)] += cost
    return dict(found)


def rounded(value: Fraction) -> Decimal:
    """To six places, half to even, without going through a float."""
    scaled = value * 10**6
    return (Decimal(round(scaled)) / 10**6).quantize(SIX, ROUND_HALF_EVEN)
