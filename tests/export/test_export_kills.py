"""An export killed at any moment is resumed: SIGKILL ends a real run, the next one completes it.

The moments are random but seeded: at some request of the run, before or after its answer, plus some
    milliseconds, so
that they fall into writing, verifying and publishing too.
"""

import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from http import HTTPStatus
from math import ceil
from pathlib import Path
from random import Random
from threading import Event, Timer

import pytest

from circleci_usage.core.periods import Period, months, named_period
from circleci_usage.demo.standin.faults import Fault, HangUp
from circleci_usage.demo.standin.messages import Request
from circleci_usage.export.download import url_key
from circleci_usage.export.ledger import State
from circleci_usage.export.store import Store
from exporting import NOW, Bench, bench
from paths import SUPPORT

RUNNER = SUPPORT / "export_runner.py"
PERIOD = Period(named_period("last-13-months", NOW.date()).start, NOW.date())
PARTS = sum(ceil(len(month) * 4 / 40) for month in months(PERIOD))
REQUESTS = 13 + 13 + PARTS
"""POSTs, polls and downloads of a whole run."""

LONGEST_DELAY = 0.012
"""Seconds: longer than the time between two requests."""


class Killer:
    """Kills the run a moment after its n-th request; later requests get no response."""

    def __init__(self, at: int, delay: float) -> None:
        self._at = at
        self._delay = delay
        self.run: subprocess.Popen[bytes] | None = None
        self.dead = Event()

    def __call__(self, _request: Request) -> Fault | None:
        self._at -= 1
        if self._at == 0 and self.run:
            Timer(self._delay, self.run.kill).start()
        if self._at >= 0:
            return None
        self.dead.wait()
        return HangUp()


@pytest.mark.parametrize("seed", range(20))
def test_a_killed_run_is_completed_by_the_next(
    tmp_path: Path, seed: int, record_property: Callable[[str, object], None]
) -> None:
    chance = Random(seed)
    killer = Killer(chance.randint(1, REQUESTS - 1), chance.uniform(0, LONGEST_DELAY))
    with bench(tmp_path, organizations=2) as world:
        run_and_kill(world, killer)
        left = Store(world.folder).pending_request.leftover_window()
        unclear = left is not None and left.state is State.UNCLEAR
        before = len(world.circleci.calls)
        arrived = {part.name for window in world.store.ledger.windows for part in window.parts}
        result = world.export(PERIOD)

        world.assert_whole(result, PERIOD)
        # Accepted ones only: a run killed within a request sends a fragment, which is rejected.
        counts = Counter(call.body for call in world.posts if call.status == HTTPStatus.CREATED)
        assert len(counts) == 13
        # The one unavoidable instant: a request is accepted, but its response is not on disk yet.
        assert sum(counts.values()) - 13 <= unclear
        names = {part.name for part in result.parts}
        assert arrived <= names, "verified parts are kept"
        # The last response to the killed run may still be in the stand-in, without having arrived.
        keys = downloaded_keys(world, since=before)
        kept = [name for name in arrived if name.rpartition("_")[2].split(".")[0] in keys]
        assert not kept, "only the rest is downloaded"
        assert len(keys) == PARTS - len(arrived)
        assert not list((world.folder / "incoming").iterdir())
        # On a slow machine, checksums are kept in a hidden folder beside the parts.
        assert {part.name for part in (world.folder / "parts").glob("[!.]*")} == names
        world.assert_no_secret()
    record_property("count: kills survived", 1)
    record_property("count: kills while a request was in progress", int(unclear))
    record_property("count: windows requested twice because of it", sum(counts.values()) - 13)


def run_and_kill(world: Bench, killer: Killer) -> None:
    world.circleci.faults = killer
    arguments = (world.address, world.folder, PERIOD.first, PERIOD.last, *world.organizations)
    command = [sys.executable, str(RUNNER), *map(str, arguments)]
    with subprocess.Popen(command) as killer.run:
        """Until it is killed."""
    killer.dead.set()
    assert killer.run.returncode == -signal.SIGKILL
    world.circleci.faults = None


def downloaded_keys(world: Bench, since: int) -> set[str]:
    """The keys of the parts that were downloaded after so many calls."""
    host = world.circleci.download_url
    calls = world.circleci.calls[since:]
    return {
        url_key(f"{host}{call.path}") for call in calls if call.host == "download" and call.status
    }
