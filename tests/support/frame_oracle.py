"""Run statistics and sums by user, computed the slow way from what their docstrings say.

csv rows, loops and `decimal`: no code is shared with what it checks. See `oracle_runs` for what a
row is, and `run_oracle` for the outcomes of workflow runs.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fnmatch import fnmatchcase
from fractions import Fraction
from functools import cache, cached_property
from math import floor
from typing import TypeVar

from oracle_runs import ENDED, NONE, Fields, Groups, JobRun, job_runs, seconds_between, single

WAITING = ("running", "queued", "blocked")
OTHERS = "(other branches)"
ALWAYS_APART = ("main", "master", "trunk", "develop")
RECENT = 100
WORKFLOWS, BRANCHES = 12, 10
AT_LIMIT = 95

Value = int | float | Decimal | str | None
Key = tuple[str | int | bool | None, ...]
Lines = dict[Key, dict[str, Value]]
K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


@dataclass(frozen=True)
class Question:
    """What is asked about the rows.

    Attributes:
        days: the first and the last one of the period; None for all, also for rows without one.
        globs: what branches are grouped by.
        groups: name of a job group → the globs of its jobs.
    """

    days: tuple[str, str] | None = None
    globs: Sequence[str] = ALWAYS_APART
    groups: Groups = field(default_factory=dict)

    def includes(self, day: str | None) -> bool:
        if self.days is None:
            return True
        first, last = self.days
        return day is not None and first <= day <= last

    def group_of(self, branch: str | None) -> str:
        shown = branch or NONE
        matching = "\n".join(glob for glob in self.globs if fnmatchcase(shown, glob))
        return matching or (OTHERS if branch else NONE)


def expected_frames(rows: Sequence[Fields], question: Question) -> dict[str, Lines]:
    """The frames of `RunStatistics` by their names; days are texts, None where there is none."""
    every = job_runs(rows, question.groups)
    of_period = [run for run in every if question.includes(run.day)]
    ended = [run for run in of_period if run.has_ended]
    named = [run for run in ended if run.has_job]
    all_workflows = workflow_runs(every)
    workflows = [run for run in all_workflows if question.includes(run.day)]
    chosen = Chosen.of(of_period, question)
    return {
        "jobs": with_attempts(job_lines(named, lambda run: run.job), named),
        "nameless": without_attempts(
            job_lines((run for run in ended if not run.has_job), lambda run: run.job)
        ),
        "machines": machine_lines(named),
        "workflows": workflow_lines(workflows, lambda run: run.key, COUNTS),
        "reruns": rerun_lines(named),
        "classes": class_lines(ended),
        "workflow_times": of_grains(lambda grain: workflow_lines(workflows, by_time(grain), TIMED)),
        "job_times": of_grains(lambda grain: timed_job_lines(named, by_time_and_job(grain))),
        "workflow_branches": workflow_lines(
            workflows, lambda run: (*run.key, chosen.shown(run.project, run.branch)), TIMED
        ),
        "branch_credits": branch_credits(of_period, chosen),
        "recent_runs": recent_lines(workflows, chosen),
        "class_use": use_lines(named),
        "unit_counts": unit_lines(every, all_workflows, question),
    }


def expected_users(rows: Sequence[Fields]) -> dict[str, Lines]:
    """`DailyUsage.user_runs` and `user_credits`, without rows that are blank."""
    by_user = grouped(job_runs(rows, {}), user_of)
    credits: Lines = {}
    for key, runs in by_user.items():
        for kind, amount in credit_sums(runs).items():
            used = sum(run.credits[kind] != 0 for run in runs)
            credits[*key, kind] = {"credits": amount, "job_runs": used}
    return {
        "user_runs": {key: {"job_runs": len(runs)} for key, runs in by_user.items()},
        "user_credits": credits,
    }


def user_of(run: JobRun) -> Key:
    unregistered = run.name("IS_UNREGISTERED_USER").lower()
    trigger, user = run.name("PIPELINE_TRIGGER_SOURCE"), run.name("PIPELINE_TRIGGER_USER_ID")
    return (run.day, *run.project, trigger, user, unregistered)


# Helpers


def grouped(things: Iterable[T], key_of: Callable[[T], K]) -> dict[K, list[T]]:
    groups: defaultdict[K, list[T]] = defaultdict(list)
    for thing in things:
        groups[key_of(thing)].append(thing)
    return dict(groups)


def nearest_rank(values: Iterable[float], percent: int) -> float | None:
    """The smallest value that at least so many percent of the values do not exceed."""
    ordered = sorted(values)
    needed = (
        number for number in range(len(ordered)) if 100 * (number + 1) >= percent * len(ordered)
    )
    return ordered[next(needed)] if ordered else None


def percentiles(values: Iterable[float | None], unit: str) -> dict[str, Value]:
    known = [value for value in values if value is not None]
    return {
        f"runs_with_{unit}": len(known),
        f"p50_{unit}": nearest_rank(known, 50),
        f"p95_{unit}": nearest_rank(known, 95),
    }


def credit_sums(runs: Iterable[JobRun]) -> dict[str, Decimal]:
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for run in runs:
        for kind, credits in run.credits.items():
            sums[kind] += credits
    return {kind: credits for kind, credits in sums.items() if credits}


def of_grains(lines_of: Callable[[str], Lines]) -> Lines:
    """The lines of each grain; what has no day is in none."""
    found: Lines = {}
    for grain in ("day", "week", "month"):
        found |= lines_of(grain)
    return {key: line for key, line in found.items() if key[1] is not None}


def beginning(day: str | None, grain: str) -> str | None:
    """The first day of the week or month of a day."""
    if day is None or grain == "day":
        return day
    if grain == "month":
        return f"{day[:7]}-01"
    of_week = date.fromisoformat(day)
    return str(of_week - timedelta(days=of_week.weekday()))


# Jobs


def job_lines(runs: Iterable[JobRun], key_of: Callable[[JobRun], Key]) -> Lines:
    return {key: job_line(some) for key, some in grouped(runs, key_of).items()}


def job_line(runs: Sequence[JobRun]) -> dict[str, Value]:
    statuses = Counter(run.status for run in runs)
    queued = [waited for run in runs if (waited := run.queued) is not None]
    started = (single_seconds(run) for run in runs if not run.never_started)
    return {
        "runs": len(runs),
        "succeeded": statuses["success"],
        "failed": statuses["failed"],
        "canceled": statuses["canceled"],
        "never_started": sum(run.never_started for run in runs),
        **percentiles(started, "seconds"),
        **percentiles(queued, "queued"),
        "queued_seconds": round(Fraction(sum(thousandths(waited) for waited in queued), 1000)),
    }


def timed_job_lines(runs: Iterable[JobRun], key_of: Callable[[JobRun], Key]) -> Lines:
    lines = job_lines(runs, key_of)
    for line in lines.values():
        del line["never_started"]
    return lines


def by_time_and_job(grain: str) -> Callable[[JobRun], Key]:
    return lambda run: (grain, beginning(run.day, grain), *run.job)


def single_seconds(run: JobRun) -> float:
    return single(float(run.seconds))


@cache
def thousandths(value: float) -> int:
    return round(Fraction(value) * 1000)


def without_attempts(lines: Lines) -> Lines:
    for line in lines.values():
        line |= {"pipelines": 0, "reruns": 0, "recovered": 0}
    return lines


def with_attempts(lines: Lines, runs: Iterable[JobRun]) -> Lines:
    without_attempts(lines)
    for (job, *_), attempts in attempts_of(runs).items():
        line = lines[job]
        line["pipelines"] = int(line["pipelines"] or 0) + 1
        line["reruns"] = int(line["reruns"] or 0) + len(attempts) - 1
        line["recovered"] = int(line["recovered"] or 0) + has_recovered(attempts)
    return lines


def attempts_of(runs: Iterable[JobRun]) -> dict[tuple[Key, str | None, str], list[JobRun]]:
    """The runs of a job in a pipeline; each job of a group counts by itself."""
    return grouped(
        (run for run in runs if run.text("PIPELINE_ID") is not None),
        lambda run: (run.job, run.text("JOB_NAME"), str(run.text("PIPELINE_ID"))),
    )


def has_recovered(attempts: Sequence[JobRun]) -> bool:
    failed = [run.order for run in attempts if run.status == "failed" and run.order is not None]
    passed = [run.order for run in attempts if run.status == "success" and run.order is not None]
    return bool(failed and passed) and min(failed) < max(passed)


def rerun_lines(runs: Iterable[JobRun]) -> Lines:
    again: list[JobRun] = []
    for attempts in attempts_of(runs).values():
        known = [run.order for run in attempts if run.order is not None]
        again += [run for run in attempts if run.order is not None and run.order > min(known)]
    return {
        (day, *job, kind): {"credits": credits}
        for (day, job), some in grouped(again, lambda run: (run.day, run.job)).items()
        for kind, credits in credit_sums(some).items()
    }


def machine_lines(runs: Iterable[JobRun]) -> Lines:
    return {key: machine_line(some) for key, some in grouped(runs, lambda run: run.machine).items()}


def machine_line(runs: Sequence[JobRun]) -> dict[str, Value]:
    cpu, ram, median_cpu, median_ram = (
        [use for run in runs if (use := run.use(column)) is not None]
        for column in ("MAX_CPU", "MAX_RAM", "MEDIAN_CPU", "MEDIAN_RAM")
    )
    containers = [count for run in runs if (count := run.containers) is not None]
    return {
        "runs": len(runs),
        "measured_runs": min(len(cpu), len(ram)),
        "p95_cpu": nearest_rank(cpu, 95),
        "p95_ram": nearest_rank(ram, 95),
        "median_runs": len(median_cpu),
        "p50_median_cpu": nearest_rank(median_cpu, 50),
        "mean_cpu": mean(median_cpu),
        "mean_ram": mean(median_ram),
        "max_cpu": max(cpu, default=None),
        "max_ram": max(ram, default=None),
        "cpu_limited": sum(use >= AT_LIMIT for use in median_cpu),
        "ram_limited": sum(use >= AT_LIMIT for use in ram),
        "container_runs": len(containers),
        "containers": sum(containers),
        **caching_of(runs),
        **parallel_runs_of(runs),
    }


def caching_of(runs: Sequence[JobRun]) -> dict[str, Value]:
    """Runs with layer caching, and beside them those without."""
    cached = [run for run in runs if run.credits["dlc"] > 0]
    others = [run for run in runs if cached and run.credits["dlc"] <= 0]
    found: dict[str, Value] = {"cached_runs": len(cached)}
    for unit, some in (("cached_seconds", cached), ("uncached_seconds", others)):
        seconds = [single_seconds(run) for run in some if run.status == "success"]
        found[f"runs_with_{unit}"] = len(seconds)
        found[f"p50_{unit}"] = nearest_rank(seconds, 50)
    return found


def parallel_runs_of(runs: Sequence[JobRun]) -> dict[str, Value]:
    """Runs that succeeded in 2 to 1,000 containers."""
    passed = [run for run in runs if run.status == "success"]
    parallel = [(run, count) for run in passed if 2 <= (count := run.containers or 0) <= 1000]
    return {
        "parallel_runs": len(parallel),
        "parallel_containers": sum(count for _, count in parallel),
        "most_containers": max((count for _, count in parallel), default=0),
        "container_seconds": sum(int(run.seconds) * count for run, count in parallel),
        "container_credits": sum((run.credits["compute"] for run, _ in parallel), Decimal(0)),
    }


def mean(values: Sequence[float]) -> float | None:
    return sum(map(thousandths, values)) / len(values) / 1000 if values else None


def use_lines(runs: Iterable[JobRun]) -> Lines:
    counts: Counter[Key] = Counter()
    for run in runs:
        for measure in ("cpu", "ram"):
            use = run.use(f"MAX_{measure.upper()}")
            if use is not None:
                percent = min(90, floor(use / 10) * 10)
                counts[run.name("EXECUTOR"), run.name("RESOURCE_CLASS"), measure, percent] += 1
    return {key: {"runs": count} for key, count in counts.items()}


def class_lines(runs: Iterable[JobRun]) -> Lines:
    """What the runs of a class were charged, by whole credits per minute of a container."""
    found: defaultdict[Key, list[JobRun]] = defaultdict(list)
    for run in runs:
        compute, containers = run.credits["compute"], run.containers or 0
        has_class = run.text("EXECUTOR") is not None and run.text("RESOURCE_CLASS") is not None
        if not has_class or run.seconds < 60 or compute <= 0 or containers < 1:
            continue
        halves = compute * 2 - containers
        rate = floor(halves * 30 / (run.seconds * containers) + Decimal("0.5"))
        of_class = (run.name("EXECUTOR"), run.name("RESOURCE_CLASS"))
        found[*of_class, containers > 1, rate].append(run)
    return {
        key: {
            "runs": len(some),
            "credits": sum((run.credits["compute"] for run in some), Decimal(0)),
            "container_seconds": sum(int(run.seconds * (run.containers or 0)) for run in some),
            "containers": sum(run.containers or 0 for run in some),
        }
        for key, some in found.items()
    }


# Workflows


@dataclass(frozen=True)
class WorkflowRun:
    """A run, from all of its rows."""

    rows: Sequence[JobRun]
    outcome: str

    @cached_property
    def key(self) -> Key:
        return self.rows[0].workflow

    @cached_property
    def project(self) -> Key:
        return self.rows[0].project

    @cached_property
    def day(self) -> str | None:
        return min((run.day for run in self.rows if run.day is not None), default=None)

    @cached_property
    def branch(self) -> str | None:
        return smallest_branch(self.rows)

    @cached_property
    def has_ended(self) -> bool:
        return self.outcome != "running"

    @cached_property
    def never_started(self) -> bool:
        return self.outcome == "canceled" and not any(run.had_machine for run in self.rows)

    @cached_property
    def seconds(self) -> float | None:
        if self.never_started or not self.has_ended:
            return None
        start, stop = "WORKFLOW_FIRST_JOB_STARTED_AT", "WORKFLOW_STOPPED_AT"
        found = (seconds_between(run.row, start, stop) for run in self.rows)
        return max((each for each in found if each is not None), default=None)

    @cached_property
    def pipeline_number(self) -> int | None:
        numbers = [text for run in self.rows if (text := run.text("PIPELINE_NUMBER")) is not None]
        return min((int(text) for text in numbers if text.isdigit()), default=None)

    @cached_property
    def place(self) -> tuple[tuple[bool, float | str], ...]:
        """What recent runs are in the order of: what is not known comes first."""
        order = min((run.order for run in self.rows if run.order is not None), default=None)
        each = (
            *(self.day, order, self.pipeline_number),
            *(self.seconds, self.outcome, self.branch),
        )
        return tuple((value is not None, value if value is not None else 0) for value in each)


def smallest_branch(runs: Iterable[JobRun]) -> str | None:
    branches = (run.text("VCS_BRANCH") for run in runs)
    return min((branch for branch in branches if branch is not None), default=None)


def workflow_runs(runs: Iterable[JobRun]) -> list[WorkflowRun]:
    with_id = (run for run in runs if run.text("WORKFLOW_ID") is not None)
    by_id = grouped(with_id, lambda run: (run.workflow, run.text("WORKFLOW_ID")))
    return [WorkflowRun(rows, outcome_of(rows)) for rows in by_id.values()]


def outcome_of(rows: Sequence[JobRun]) -> str:
    statuses = {run.status for run in rows}
    said = {run.text("IS_WORKFLOW_SUCCESSFUL") for run in rows} - {None}
    told = {str(text).lower() for text in said}
    is_successful = "true" in told if told else statuses == {"success"}
    stops = (run.text("WORKFLOW_STOPPED_AT") for run in rows)
    has_stopped = any(stop is not None for stop in stops) or statuses <= {*ENDED}
    if "canceled" in statuses:
        return "canceled"
    if is_successful:
        return "succeeded"
    if not has_stopped:
        return "running"
    return "on_hold" if statuses & {*WAITING} and "failed" not in statuses else "failed"


TIMED = ("succeeded", "canceled", "on_hold")
COUNTS = (*TIMED, "running", "never_started")


def workflow_lines(
    runs: Iterable[WorkflowRun], key_of: Callable[[WorkflowRun], Key], counts: Sequence[str]
) -> Lines:
    return {key: workflow_line(some, counts) for key, some in grouped(runs, key_of).items()}


def workflow_line(runs: Sequence[WorkflowRun], counts: Sequence[str]) -> dict[str, Value]:
    outcomes = Counter(run.outcome for run in runs)
    never_started = sum(run.never_started for run in runs)
    of_counts = {name: outcomes[name] for name in counts}
    return {
        "runs": sum(run.has_ended for run in runs),
        **of_counts,
        **({"never_started": never_started} if "never_started" in counts else {}),
        **percentiles((run.seconds for run in runs), "seconds"),
    }


def by_time(grain: str) -> Callable[[WorkflowRun], Key]:
    return lambda run: (grain, beginning(run.day, grain), *run.key)


# Names that are chosen


@dataclass(frozen=True)
class Chosen:
    """The workflows with the most credits, and of each project the branches with the most."""

    workflows: frozenset[Key]
    branches: frozenset[Key]

    @classmethod
    def of(cls, runs: Sequence[JobRun], question: Question) -> "Chosen":
        workflows = ranked(runs, "WORKFLOW_NAME")[:WORKFLOWS]
        branches: list[Key] = []
        for of_project in grouped(ranked(runs, "VCS_BRANCH"), lambda key: key[:2]).values():
            main = [key for key in of_project if key[-1] in question.globs]
            branches += [*of_project[:BRANCHES], *main]
        return cls(frozenset(workflows), frozenset(branches))

    def shown(self, project: Key, branch: str | None) -> str:
        is_named = branch is None or (*project[2:], branch) in self.branches
        return (branch or NONE) if is_named else OTHERS

    def has_workflow(self, key: Key) -> bool:
        return key[2:] in self.workflows


def ranked(runs: Iterable[JobRun], column: str) -> list[Key]:
    """Projects and names, those with the most credits first."""

    def key_of(run: JobRun) -> Key:
        return (*run.project[2:], run.name(column))

    by_name = grouped(runs, key_of)
    credits = {key: sum((run.total for run in some), Decimal(0)) for key, some in by_name.items()}
    return sorted(by_name, key=lambda key: (-credits[key], -len(by_name[key]), *map(str, key)))


def branch_credits(runs: Iterable[JobRun], chosen: Chosen) -> Lines:
    def key_of(run: JobRun) -> Key:
        return (*run.workflow, chosen.shown(run.project, run.text("VCS_BRANCH")), run.day)

    return {
        (*key, kind): {"credits": credits}
        for key, some in grouped(runs, key_of).items()
        for kind, credits in credit_sums(some).items()
    }


def recent_lines(runs: Iterable[WorkflowRun], chosen: Chosen) -> Lines:
    found: Lines = {}
    wanted = (run for run in runs if chosen.has_workflow(run.key))
    for key, some in grouped(wanted, lambda run: run.key).items():
        latest = sorted(some, key=lambda run: run.place)[-RECENT:]
        for position, run in enumerate(latest):
            found[*key, position] = {
                "date": run.day,
                "outcome": run.outcome,
                "seconds": run.seconds,
                "branch": run.branch or NONE,
                "pipeline_number": run.pipeline_number,
            }
    return found


# Units


def unit_lines(
    runs: Iterable[JobRun], workflows: Iterable[WorkflowRun], question: Question
) -> Lines:
    counts: defaultdict[Key, Counter[str]] = defaultdict(Counter)
    with_pipeline = (run for run in runs if run.text("PIPELINE_ID") is not None)
    pipelines = grouped(with_pipeline, lambda run: (run.project, run.text("PIPELINE_ID")))
    for (project, _), rows in pipelines.items():
        first = min((run.day for run in rows if run.day is not None), default=None)
        counts[first, *project, question.group_of(smallest_branch(rows))]["pipelines"] += 1
    for workflow in workflows:
        of_workflow = counts[workflow.day, *workflow.project, question.group_of(workflow.branch)]
        of_workflow["workflow_runs"] += workflow.has_ended
        for outcome in ("succeeded", "canceled"):
            of_workflow[outcome] += workflow.outcome == outcome
    names = ("pipelines", "workflow_runs", "succeeded", "canceled")
    return {
        (day, *key): {name: some[name] for name in names}
        for (day, *key), some in counts.items()
        if day is not None
    }
