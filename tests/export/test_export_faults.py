"""The fault matrix: whatever happens, every row is there once, or one clear error says why.

Each fault alone, once and for as long as the run lasts, at each kind of request; then random mixes
of faults, fates and wrong clocks over several runs. After all of them a run without faults brings
home what is missing.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circleci_usage.core.errors import UsageExporterError
from circleci_usage.demo.standin.faults import (
    HTML_PAGE,
    Corrupt,
    Fault,
    HangUp,
    Instead,
    Reset,
    Retouch,
    Stall,
    Trickle,
    Truncate,
    error_response,
)
from circleci_usage.demo.standin.messages import Request, Response
from circleci_usage.demo.standin.rules import Fate
from circleci_usage.export.engine import ExportResult
from circleci_usage.export.run_context import ExportOptions
from circleci_usage.network.http import Timeouts
from exporting import AUTUMN, IMPATIENT, PATIENT, Bench, bench
from hypothesis_profiles import examples

OK, SETTINGS, ACCESS, SERVICE, UNFINISHED, DATA = 0, 2, 3, 4, 5, 6
IN_A_MINUTE = "Mon, 02 Nov 2026 13:01:00 GMT"
REDIRECT = Instead(Response(307, {"Location": "http://127.0.0.1:9/elsewhere"}))


@dataclass(frozen=True)
class Kind:
    """A fault and its exit codes, once and for good, at a POST, a poll and a download."""

    fault: Fault
    post: tuple[int, int]
    poll: tuple[int, int]
    download: tuple[int, int]


def transient(fault: Fault, *, download: tuple[int, int] = (OK, SERVICE)) -> Kind:
    """A POST may have arrived, and is not repeated; everything else is."""
    return Kind(fault, post=(SERVICE, SERVICE), poll=(OK, SERVICE), download=download)


def limit(**headers: str) -> Kind:
    """Waited for, but not forever."""
    return Kind(
        error_response(429, "slow down", **headers),
        (OK, UNFINISHED),
        (OK, UNFINISHED),
        (OK, SERVICE),
    )


HARMLESS = ((OK, OK),) * 3
KINDS = {
    "429": limit(),
    "429 seconds": limit(Retry_After="30"),
    "429 date": limit(Retry_After=IN_A_MINUTE),
    "429 an hour": limit(Retry_After="3600"),
    "429 rate limit": limit(RateLimit_Remaining="0", RateLimit_Reset="600"),
    "500": transient(error_response(500, "oops")),
    "502": transient(error_response(502, "bad gateway")),
    "503": transient(error_response(503, "unavailable", Retry_After="5")),
    "stall": transient(Stall()),
    "stall, done": transient(Stall(done=True)),
    "reset": transient(Reset()),
    "reset, done": transient(Reset(done=True)),
    "hang up": transient(HangUp()),
    "hang up, done": transient(HangUp(done=True)),
    "truncated": transient(Truncate(20)),
    "nothing of the body": transient(Truncate(0)),
    "corrupted begin": transient(Corrupt(0), download=(OK, DATA)),
    "corrupted middle": transient(Corrupt(40), download=(OK, DATA)),
    "corrupted end": transient(Corrupt(-1), download=(OK, DATA)),
    "a proxy's page": transient(HTML_PAGE, download=(OK, DATA)),
    "an empty page": transient(Instead(Response(200, {}, b"")), download=(OK, DATA)),
    "slow body": Kind(Trickle(7), *HARMLESS),
    "wrong content type": Kind(Retouch({"Content-Type": "text/html"}), *HARMLESS),
    "no content type": Kind(Retouch({"Content-Type": ""}), *HARMLESS),
    "401": Kind(error_response(401, "no"), (ACCESS, ACCESS), (ACCESS, ACCESS), (OK, SERVICE)),
    "403": Kind(error_response(403, "expired"), (ACCESS, ACCESS), (ACCESS, ACCESS), (OK, SERVICE)),
    "404": Kind(error_response(404, "unknown"), (ACCESS, ACCESS), (OK, SERVICE), (OK, SERVICE)),
    "redirect": Kind(REDIRECT, (SETTINGS, SETTINGS), (SETTINGS, SETTINGS), (OK, SERVICE)),
}
PLACES: dict[str, Callable[[Request], bool]] = {
    "post": lambda request: request.method == "POST",
    "poll": lambda request: request.method == "GET" and request.host == "api",
    "download": lambda request: request.host == "download",
}
# Whether a request was carried out before its answer got lost makes a difference for a POST alone.
ALONE = [
    (name, place) for name in KINDS for place in PLACES if place == "post" or "done" not in name
]
FATES = [
    Fate(("processing", "completed")),
    Fate(("failed",), error_reason="timed out"),
    Fate(("processing",), vanishes=True),
    Fate(("completed",), bare=1, null=True),
    Fate(("completed",), bare=2),
    Fate(("created", "under_review", "completed")),
]


class Strikes:
    """Assigns faults: the n-th matching request gets the n-th one; `for_good` repeats the last.

    `posts` counts the POSTs whose fault leaves it unknown whether they were carried out.
    """

    def __init__(
        self,
        fits: Callable[[Request], bool],
        faults: Sequence[Fault | None],
        *,
        for_good: bool = False,
    ) -> None:
        self._fits = fits
        self._faults = faults
        self._for_good = for_good
        self._seen = 0
        self._lock = Lock()
        self.posts = 0

    def __call__(self, request: Request) -> Fault | None:
        if not self._fits(request):
            return None
        with self._lock:
            number, self._seen = self._seen, self._seen + 1
            fault = self._choose(number)
            self.posts += fault is not None and request.method == "POST"
        return fault

    def _choose(self, number: int) -> Fault | None:
        if number < len(self._faults):
            return self._faults[number]
        return self._faults[-1] if self._for_good else None


def code_of(outcome: ExportResult | UsageExporterError) -> int:
    return outcome.exit_code if isinstance(outcome, UsageExporterError) else OK


def requests(world: Bench, since: int = 0) -> Counter[bytes]:
    """How often each window was requested, apart from rejections."""
    return Counter(call.body for call in world.posts[since:] if call.status not in {400, 429})


def run_under_laws(world: Bench) -> ExportResult | UsageExporterError:
    """One run, and what must be true of it in any case."""
    before = len(world.posts)
    outcome = world.try_export(AUTUMN)
    assert max(requests(world, before).values(), default=0) <= 1, (
        "no window is requested twice in a run"
    )
    world.assert_no_secret(outcome, repr(outcome), repr(getattr(outcome, "__cause__", "")))
    world.assert_token_stays_home()
    if isinstance(outcome, ExportResult):
        world.assert_whole(outcome, AUTUMN)
        assert outcome.complete_through == AUTUMN.last
    else:
        world.progress.lines.append(str(outcome))
    return outcome


def mend(world: Bench, strikes: Strikes) -> None:
    """Runs without faults: all rows are there, and no request was sent without need."""
    world.circleci.faults = None
    world.circleci.fates = ()
    world.options, world.timeouts, world.skew = PATIENT, Timeouts(), timedelta()
    outcome = run_under_laws(world)
    if isinstance(outcome, UsageExporterError):
        # An export job of an earlier run had failed before anything polled it.
        outcome = run_under_laws(world)
    assert isinstance(outcome, ExportResult)
    said = "\n".join(world.progress.lines)
    nothing = said.count("requesting it again") + len(
        re.findall(r"The export of \S+ to \S+ failed", said)
    )
    counts = requests(world)
    assert len(counts) == 2 or nothing > 1, "the windows stay the same, until one has failed twice"
    assert sum(counts.values()) - len(counts) <= strikes.posts + nothing


@pytest.mark.parametrize("for_good", [False, True], ids=["once", "for good"])
@pytest.mark.parametrize(("name", "place"), ALONE)
def test_a_fault_alone(
    tmp_path: Path,
    name: str,
    place: str,
    record_property: Callable[[str, object], None],
    *,
    for_good: bool,
) -> None:
    kind = KINDS[name]
    strikes = Strikes(PLACES[place], [kind.fault], for_good=for_good)
    with bench(tmp_path, organizations=2) as world:
        if isinstance(kind.fault, Stall):
            world.timeouts = IMPATIENT
        world.options = ExportOptions(max_wait=timedelta(hours=2))
        world.circleci.faults = strikes
        outcome = run_under_laws(world)
        assert code_of(outcome) == getattr(kind, place)[for_good]
        mend(world, strikes)
    record_property("count: faults alone", 1)


@pytest.mark.parametrize("fate", FATES, ids=str)
def test_a_fate_alone(
    tmp_path: Path, fate: Fate, record_property: Callable[[str, object], None]
) -> None:
    strikes = Strikes(PLACES["post"], [])
    with bench(tmp_path) as world:
        world.circleci.fates = [fate]
        outcome = run_under_laws(world)
        nothing = "failed" in fate.states or fate.vanishes
        assert code_of(outcome) == (SERVICE if nothing else OK)
        mend(world, strikes)
        assert sum(requests(world).values()) == (3 if nothing else 2)
    record_property("count: fates alone", 1)


quick = st.sampled_from(
    sorted(name for name, kind in KINDS.items() if not isinstance(kind.fault, Stall))
)
runs_with_faults = st.lists(
    st.lists(st.none() | quick, min_size=4, max_size=25), min_size=1, max_size=3
)


@settings(max_examples=examples(40), deadline=None, derandomize=True, database=None)
@given(
    runs=runs_with_faults,
    fates=st.lists(st.sampled_from(FATES), max_size=3),
    skew=st.sampled_from([-120, -3, 0, 0, 0, 3, 120]),
    quota=st.sampled_from([None, 1, 10]),
    lifetime=st.sampled_from([5, 3600]),
    ranges=st.booleans(),
    max_wait=st.sampled_from([0, 60, 10_000]),
)
def mixes(
    runs: list[list[str | None]],
    fates: list[Fate],
    skew: int,
    quota: int | None,
    lifetime: int,
    max_wait: int,
    *,
    ranges: bool,
) -> None:
    rules = {"posts_per_hour": quota, "url_lifetime": timedelta(seconds=lifetime), "ranges": ranges}
    with TemporaryDirectory() as folder, bench(Path(folder), organizations=2, **rules) as world:
        world.circleci.fates = fates
        world.skew = timedelta(minutes=skew)
        # One download at a time, so that the same example always meets the same faults.
        world.options = ExportOptions(max_wait=timedelta(minutes=max_wait), downloads=1)
        struck = 0
        for run in runs:
            strikes = Strikes(lambda _: True, [KINDS[name].fault if name else None for name in run])
            world.circleci.faults = strikes
            run_under_laws(world)
            struck += strikes.posts
        strikes.posts = struck
        mend(world, strikes)
    MIXED["mixes"] += 1
    MIXED["faults"] += sum(name is not None for run in runs for name in run)


MIXED: Counter[str] = Counter()


def test_random_mixes(record_property: Callable[[str, object], None]) -> None:
    MIXED.clear()
    mixes()
    record_property("count: random mixes of faults", MIXED["mixes"])
    record_property("count: faults in the random mixes", MIXED["faults"])


def test_a_server_that_listens_only_later(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    with bench(tmp_path) as world:
        api, world.address = world.address, "http://127.0.0.1:9"
        outcome = run_under_laws(world)
        assert code_of(outcome) == SERVICE
        assert world.posts == []
        world.address = api
        mend(world, Strikes(PLACES["post"], []))
    record_property("count: faults alone", 1)


def test_an_unreachable_download_host(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    with bench(tmp_path) as world:
        body = {
            "usage_export_job_id": "e8235eed",
            "state": "completed",
            "download_urls": ["http://127.0.0.1:9/part"],
        }
        strikes = Strikes(PLACES["poll"], [Instead(Response.json(200, body))], for_good=True)
        world.circleci.faults = strikes
        outcome = run_under_laws(world)
        assert code_of(outcome) == SERVICE
        assert "no connection" in str(outcome)
        mend(world, strikes)
    record_property("count: faults alone", 1)
