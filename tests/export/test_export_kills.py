"""Killed at any moment, an export goes on: SIGKILL strikes a real run over real HTTP, and the next run completes it.

The moments are random but seeded: at some request of the run, before or after its answer, plus some milliseconds, so
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
from exporting import NOW, bench
from paths import SUPPORT

RUNNER = SUPPORT / "export_runner.py"
PERIOD = Period(named_period("last-13-months", NOW.date()).start, NOW.date())
PARTS = sum(ceil(len(month) * 4 / 40) for month in months(PERIOD))
REQUESTS = 13 + 13 + PARTS
"""POSTs, looks and downloads of a whole run."""

LONGEST_DELAY = 0.012
"""Seconds: longer than the time between two requests."""


class Killer:
    """Kills the run a moment after its n-th request; later requests are not answered, so that it cannot end before."""

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


@pytest.mark.parametrize("seed", range(50))
def test_a_killed_run_is_completed_by_the_next(
    tmp_path: Path, seed: int, record_property: Callable[[str, object], None]
) -> None:
    chance = Random(seed)
    killer = Killer(chance.randint(1, REQUESTS - 1), chance.uniform(0, LONGEST_DELAY))
    with bench(tmp_path, organizations=2) as world:
        world.circleci.faults = killer
        arguments = (world.address, world.folder, PERIOD.first, PERIOD.last, *world.organizations)
        command = [sys.executable, str(RUNNER), *map(str, arguments)]
        with subprocess.Popen(command) as killer.run:
            """Until it is killed."""
        killer.dead.set()
        assert killer.run.returncode == -signal.SIGKILL
        world.circleci.faults = None

        left = Store(world.folder).pending_request.leftover_window()
        unclear = left is not None and left.state is State.UNCLEAR
        before = len(world.circleci.calls)
        arrived = {part.name for window in world.store.ledger.windows for part in window.parts}
        result = world.export(PERIOD)

        world.assert_whole(result, PERIOD)
        # Of those accepted: killed in the middle of a request, a run sends a piece of it, which is refused.
        counts = Counter(call.body for call in world.posts if call.status == HTTPStatus.CREATED)
        assert len(counts) == 13
        # The one unavoidable instant: CircleCI has accepted the request, and its answer is not on this disk yet.
        assert sum(counts.values()) - 13 <= unclear
        assert arrived <= {part.name for part in result.parts}, "verified parts are kept"
        # What the dead run asked for last may still be on its way out of the stand-in; it had not arrived either.
        again = [
            call
            for call in world.circleci.calls[before:]
            if call.host == "download" and call.status
        ]
        keys = {url_key(f"{world.circleci.download_url}{call.path}") for call in again}
        assert not [name for name in arrived if any(key in name for key in keys)], (
            "only the rest is downloaded"
        )
        assert len(keys) == PARTS - len(arrived)
        assert not list((world.folder / "incoming").iterdir())
        assert {part.name for part in (world.folder / "parts").iterdir()} == {
            part.name for part in result.parts
        }
        world.assert_no_secret()
    record_property("count: kills survived", 1)
    record_property("count: kills while a request was under way", int(unclear))
    record_property("count: windows asked for twice for it", sum(counts.values()) - 13)
