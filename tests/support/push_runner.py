"""Plans of a push, also in many requests, as if there were more to send.

Run as a script, it is a push to be killed: DATADOG_API_KEY=… python push_runner.py FOLDER URL
"""

import os
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from circleci_usage.core.progress import NullProgress
from circleci_usage.demo.clock import PinnedClock
from circleci_usage.push.datadog.credentials import datadog_credentials
from circleci_usage.push.datadog.plan import PushOptions, PushPlan, plan_samples
from circleci_usage.push.datadog.send import send_plan
from circleci_usage.push.datadog.sites import datadog_site
from circleci_usage.push.report_samples import read_samples

NOW = datetime(2026, 4, 2, 9, 40, tzinfo=UTC)
REQUESTS = 8


def plan_push(folder: Path, options: PushOptions, now: datetime) -> PushPlan:
    """What a push of a report folder would send at a time."""
    return plan_samples(read_samples(folder, options, now), options, now)


def plan_in_requests(folder: Path, options: PushOptions, requests: int) -> PushPlan:
    """The same, split into at least so many requests, a power of two."""
    plan = plan_push(folder, options, NOW)
    batches = plan.batches
    assert batches
    while len(batches) < requests:
        batches = tuple(half for batch in batches for half in batch.halves())
    return replace(plan, batches=batches)


if __name__ == "__main__":
    _, folder, url = sys.argv
    plan = plan_in_requests(Path(folder), PushOptions(datadog_site("datadoghq.eu", url)), REQUESTS)
    send_plan(
        plan, datadog_credentials(os.environ), clock=PinnedClock(NOW), progress=NullProgress()
    )
