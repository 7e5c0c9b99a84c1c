"""The export engine: requests missing windows, waits, downloads, until every row is stored once.

What happens with an export job, by what CircleCI says about it:

| CircleCI | decision |
| --- | --- |
| POST 201 | its id is recorded at once; first polled after `poll_seconds` |
| POST 201 `completed` with URLs | downloaded without a poll |
| POST 400, `end` in its future | requested again by CircleCI's clock, which its responses tell |
| POST 400, starts a year ago or earlier | requested from the next look-back limit, with a |
| | warning; the limit is kept |
| POST 400 otherwise | SettingsError with CircleCI's reason |
| 401; 403, 404 of the organization | AccessError |
| POST or GET 429 | waits as long as told (Retry-After, rate-limit headers); otherwise until our |
| | own record of the hour frees a request, else longer each time; beyond `max_wait`, |
| | UnfinishedError |
| POST 5xx, no response, no JSON | unclear whether it started: no further requests in this run; |
| | what was requested is downloaded, then ServiceError; the next run requests it again |
| no connection for a POST | nothing was sent: retried, then ServiceError |
| responses slower than `max_wait` allows | no further request; UnfinishedError |
| GET 5xx, no response, no JSON | retried, then ServiceError; at once when `max_wait` is used up |
| `created`, `processing` | polled less and less often, down to every ten minutes |
| a state that is new | treated as `processing`, with a message |
| `completed` with URLs | downloaded, verified, published |
| `completed` with fewer URLs than before | treated as `failed`: the report would be smaller |
| `completed`, URLs null or none | polled three more times within two minutes, while others |
| | continue; then treated as no usage, with a warning; as `failed` when it listed files before, |
| | or when an earlier export of these days had rows |
| `failed` | requested again now if an earlier run requested it; otherwise ServiceError with the |
| | reason, and the next run requests it again: in halves once it has failed twice |
| GET 404 | polled twice more, then treated as `failed` |
| download 401, 403, 404, 410 | fresh URLs by another poll; after four times, ServiceError |
| a part at a plain HTTP address | SettingsError, unless it is on this machine or allowed |
| more files than an export can have | ServiceError |
| download 5xx, interrupted, truncated | resumed where it ended; after five attempts without |
| | progress, ServiceError |
| damaged, not gzip, not an export | downloaded from the start; after five attempts, DataError |
| decompresses too large, store too large | DataError at once, with the setting to change |
| disk full | UnfinishedError; store and ledger stay intact |

One run sends at most one POST per window, apart from those that were answered with 429 or 400. When
one window fails, the others are still downloaded, so the next run has only that one to do.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from circleci_usage.core.errors import ServiceError, SettingsError, UsageExporterError
from circleci_usage.core.periods import Period, today_utc
from circleci_usage.core.plurals import counted
from circleci_usage.core.progress import Clock, Progress
from circleci_usage.export.api_client import CircleCI
from circleci_usage.export.ledger import Ledger
from circleci_usage.export.planning import plan, reachable
from circleci_usage.export.pruned_windows import pruned_usage, pruned_usage_warnings
from circleci_usage.export.requesting import ExportRequester
from circleci_usage.export.run_context import Arrived, ExportOptions, RunContext, tell_nobody
from circleci_usage.export.store import Store, no_usage_warnings
from circleci_usage.export.work_loop import WorkLoop

__all__ = ["ExportOptions", "ExportResult", "export_usage"]


@dataclass(frozen=True)
class ExportResult:
    """What the store has of a period after an export.

    Attributes:
        parts: files with each of its job runs once, and maybe of other days.
        warnings: what readers of the report should know.
        complete_through: the last UTC day up to which the data is complete; None when its first day
            is not.
        period: the requested days, from the first one that CircleCI still has.
    """

    parts: tuple[Path, ...]
    warnings: tuple[str, ...]
    complete_through: date | None
    period: Period


def export_usage(
    client: CircleCI,
    store: Store,
    organizations: Sequence[str],
    period: Period,
    *,
    options: ExportOptions,
    clock: Clock,
    progress: Progress,
    slugs: Mapping[str, str] | None = None,
    arrived: Arrived = tell_nobody,
) -> ExportResult:
    """Export all job runs of a period into the store, with as few requests as possible.

    An interrupted run is resumed.

    Args:
        client: CircleCI.
        store: where the parts and the ledger are kept.
        organizations: ids; the first one's export includes the others, which share its plan.
        period: UTC days; future ones are left out.
        options: waits and limits.
        clock: the clock to wait by.
        progress: receives messages.
        slugs: slug → id of organizations named by slug; the store keeps them for `status`.
        arrived: told of parts as they are verified.

    Raises:
        AccessError: the token is not allowed to do this.
        ServiceError: CircleCI failed.
        UnfinishedError: out of time, quota or disk space, or another run uses the store: rerun.
        DataError: a part is damaged or not an export, or the ledger is damaged.
        SettingsError: CircleCI rejects the request or has no usage for these days, or the store is
            unusable.
    """
    client.wait_budget.max_wait = options.max_wait
    with store.locked():
        _remember(store, slugs or {})
        for damaged in store.discard_damaged():
            progress.say(f"{damaged.name} in the store is damaged; it is downloaded again.")
        run = RunContext(
            client, store, tuple(dict.fromkeys(organizations)), options, clock, progress, arrived
        )
        requester = ExportRequester(run, period)
        _run_export(run, period, requester)
        return _result(run, period, requester.ledger)


def _remember(store: Store, slugs: Mapping[str, str]) -> None:
    named = store.ledger.with_ids(slugs)
    if named != store.ledger:
        store.commit(named)


def _run_export(run: RunContext, period: Period, requester: ExportRequester) -> None:
    _check_clock(run, period)
    reached = _reachable(run, period, requester.ledger)
    for warning in _missing_start(period, reached):
        run.progress.say(warning)
    in_progress = plan(run.store.ledger, run.organizations, period, run.client.now()).in_progress
    run.progress.say(_what_to_do(reached, len(requester.to_request), len(in_progress)))
    with run.progress.waiting(run.clock.now) as waiting:
        loop = WorkLoop(run, requester, waiting)
        for window in in_progress:
            loop.add(window)
        problems = loop.run()
    if problems:
        raise _joined(problems)


def _what_to_do(days: Period, to_request: int, in_progress: int) -> str:
    if not (to_request or in_progress):
        return f"The store has {days} already; there is nothing to export."
    windows = counted(to_request, "window")
    return f"Exporting {days}: {windows} to request, {in_progress} in progress."


def _check_clock(run: RunContext, period: Period) -> None:
    """Having nothing to request must not look like having no usage."""
    today = today_utc(run.client.now())
    if period.first > today:
        raise ServiceError(
            f"According to CircleCI's clock it is {today}, so {period} is in the future and has no"
            " usage yet; check the clock of this computer, and the proxy."
        )


def _joined(problems: Sequence[UsageExporterError]) -> UsageExporterError:
    """All problems in one error, with the exit code of the first."""
    if len(problems) == 1:
        return problems[0]
    return type(problems[0])(" ".join(map(str, problems)))


def _result(run: RunContext, period: Period, ledger: Ledger) -> ExportResult:
    reached = _reachable(run, period, ledger)
    windows = ledger.with_usage(run.organizations, reached)
    pruned = pruned_usage(run.store, windows)
    known = ledger.without_facts(pruned.lost)
    return ExportResult(
        parts=run.store.parts(reached, run.organizations),
        warnings=(
            *_missing_start(period, reached),
            *pruned_usage_warnings(run.store, pruned, reached),
            *no_usage_warnings(windows),
        ),
        complete_through=known.covered_through(run.organizations, reached),
        period=reached,
    )


def _reachable(run: RunContext, period: Period, ledger: Ledger) -> Period:
    reached = reachable(ledger, run.organizations, period, run.client.now())
    if reached is None:
        raise SettingsError(
            f"CircleCI no longer has usage for {period}, as it keeps 13 months; choose a later"
            " period, or report on files that you kept."
        )
    return reached


def _missing_start(period: Period, reached: Period) -> tuple[str, ...]:
    if reached == period:
        return ()
    warning = (
        f"CircleCI no longer has usage before {reached.first}: the data starts there, not on"
        f" {period.first}."
    )
    return (warning,)
