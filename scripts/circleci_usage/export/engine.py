"""The export engine: asks for the windows that are missing, waits, downloads, until the store has every row once.

What is decided about an export job, by what CircleCI says of it:

| CircleCI | decision |
| --- | --- |
| POST 201 | its id is put down at once (`intent.py`); first looked at after `poll_seconds` |
| POST 201 `completed` with URLs | fetched without a look |
| POST 400, `end` in the future there | asked again by CircleCI's clock, which its answers tell |
| POST 400, begins a year ago or earlier | asked from the next look-back limit on, with a warning; the limit is kept |
| POST 400 else | SettingsError with CircleCI's reason |
| 401; 403, 404 of the organisation | AccessError |
| POST or GET 429 | waits as long as told (Retry-After, rate-limit headers); untold, until our own record of the |
| | hour frees a request, else longer each time; beyond `max_wait`, UnfinishedError with the time |
| POST 5xx, no answer, no JSON | unclear whether it began: nothing more is asked for in this run; what was asked for |
| | is fetched, then ServiceError; the next run asks again |
| no connection for a POST | nothing was sent: tried again, then ServiceError |
| answers slower than `max_wait` allows | no further request; UnfinishedError |
| GET 5xx, no answer, no JSON | tried again, then ServiceError; at once when `max_wait` leaves no time for it |
| `created`, `processing` | looked at less and less often, down to every ten minutes |
| a state that is new | taken as `processing`, and said |
| `completed` with URLs | fetched, verified, published |
| `completed` with fewer URLs than before | as `failed`: it would be a smaller report |
| `completed`, URLs null or none | looked at three times more over at most two minutes, while others go on; then taken |
| | as no usage, with a warning; as `failed` when it listed files before, or when an earlier |
| | export of these days had rows |
| `failed` | asked again now if it was an earlier run that asked; else ServiceError with the reason, and the |
| | next run asks again: in halves once it has failed twice |
| GET 404 | looked at twice more, then as `failed` |
| download 401, 403, 404, 410 | fresh URLs by another look; refused four times in a row, ServiceError |
| a part at a plain http address | SettingsError, unless it is this machine's or allowed |
| more files than an export can have | ServiceError |
| download 5xx, broken, truncated | goes on where it ended; after five tries without progress, ServiceError |
| damaged, no gzip, no export | downloaded anew; after five tries, DataError |
| unpacks too large, store too large | DataError at once, with the setting to change |
| disk full | UnfinishedError; store and ledger stay sound |

One run sends at most one POST a window, besides those answered 429 or 400. When one window comes to nothing the others
are still fetched, so that the next run has only that one to do.
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
from circleci_usage.export.polling import ExportPoller
from circleci_usage.export.requesting import ExportRequester
from circleci_usage.export.run_context import ExportOptions, RunContext
from circleci_usage.export.store import Store, no_usage_warnings
from circleci_usage.export.wait_budget import WaitBudget

__all__ = ["ExportOptions", "ExportResult", "export_usage"]


@dataclass(frozen=True)
class ExportResult:
    """What the store has of a period.

    Attributes:
        parts: files that hold each of its job runs once, and maybe other days.
        warnings: what a reader of the report should know.
        complete_through: the last UTC day up to which the data are complete; None when its first day is not.
        period: the days asked for, from the first that CircleCI still has.
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
) -> ExportResult:
    """Bring all job runs of a period into the store, for the fewest requests; go on where earlier runs ended.

    Args:
        client: CircleCI.
        store: where the parts and the ledger are kept.
        organizations: ids; the first asks, the others share its plan.
        period: UTC days; those in the future are left out.
        options: waits and limits.
        clock: by which it waits.
        progress: who is told.
        slugs: slug → id of organisations that were named so; the store remembers them for `status`.

    Raises:
        AccessError: the token may not do this.
        ServiceError: CircleCI could not do it.
        UnfinishedError: out of time, quota or disk, or another run holds the store: run it again.
        DataError: a part is damaged or no export, or the ledger is.
        SettingsError: CircleCI refuses the request, has no usage of these days, or the store cannot be used.
    """
    client.wait_budget.max_wait = options.max_wait
    with store.locked():
        _remember(store, slugs or {})
        run = RunContext(
            client, store, tuple(dict.fromkeys(organizations)), options, clock, progress
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
    reached = _reached(run, period, requester.ledger)
    for warning in _cut(period, reached):
        run.progress.say(warning)
    poller = ExportPoller(run, requester.retry)
    in_progress = plan(run.store.ledger, run.organizations, period, run.client.now()).in_progress
    for window in in_progress:
        poller.add(window)
    run.progress.say(
        f"Exporting {reached}: {counted(len(requester.to_request), 'window')} to ask for, {len(in_progress)} under way."
    )
    problems: list[UsageExporterError] = []
    try:
        _work(requester, poller, run.client.wait_budget)
    except UsageExporterError as error:
        problems.append(error)
    problems += [*poller.problems, *([requester.problem] if requester.problem else [])]
    if problems:
        raise _joined(problems)


def _check_clock(run: RunContext, period: Period) -> None:
    """Nothing to ask for would look as if there were no usage."""
    today = today_utc(run.client.now())
    if period.first > today:
        raise ServiceError(
            f"It is {today} by the clock of CircleCI's answers, so that {period} is in the future and has no usage yet;"
            " check the clock of this computer, and the proxy."
        )


def _work(requester: ExportRequester, poller: ExportPoller, wait_budget: WaitBudget) -> None:
    """Ask, look, fetch and wait until nothing is left to do."""
    while True:
        for window, answer in requester.request_all():
            poller.add(window, answer)
        poller.poll()
        if poller.is_done and not requester.to_request:
            break
        _wait(wait_budget, requester, poller)


def _wait(wait_budget: WaitBudget, requester: ExportRequester, poller: ExportPoller) -> None:
    """Wait for whichever comes first: the next request or the next look."""
    waiting = [
        one
        for one, idle in ((requester, not requester.to_request), (poller, poller.is_done))
        if not idle
    ]
    wait_budget.wait_until(*min((one.ready_at, one.wait_reason) for one in waiting))


def _joined(problems: Sequence[UsageExporterError]) -> UsageExporterError:
    """All that went wrong, under the exit code of what ended the run, else of what went wrong first."""
    if len(problems) == 1:
        return problems[0]
    return type(problems[0])(" ".join(map(str, problems)))


def _result(run: RunContext, period: Period, ledger: Ledger) -> ExportResult:
    reached = _reached(run, period, ledger)
    return ExportResult(
        parts=run.store.parts(reached, run.organizations),
        warnings=(
            *_cut(period, reached),
            *no_usage_warnings(ledger.fetched(run.organizations, reached)),
        ),
        complete_through=ledger.covered_through(run.organizations, reached),
        period=reached,
    )


def _reached(run: RunContext, period: Period, ledger: Ledger) -> Period:
    reached = reachable(ledger, run.organizations, period, run.client.now())
    if reached is None:
        raise SettingsError(
            f"CircleCI has no usage of {period} any more, it keeps 13 months; ask for a later period, or report on"
            " files that you kept."
        )
    return reached


def _cut(period: Period, reached: Period) -> tuple[str, ...]:
    if reached == period:
        return ()
    return (
        f"CircleCI has no usage before {reached.first} any more: the data begin there, not on {period.first}.",
    )
