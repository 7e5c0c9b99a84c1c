"""Plans and pushes in many requests, as if there were more to send than there is; as a script, a process to be killed.

DATADOG_API_KEY=… python push_runner.py FOLDER URL
"""

import os
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from circleci_usage.core.progress import NullProgress
from circleci_usage.demo.clock import PinnedClock
from circleci_usage.push.datadog.credentials import datadog_credentials
from circleci_usage.push.datadog.plan import PushOptions, PushPlan, plan_push
from circleci_usage.push.datadog.send import send_plan
from circleci_usage.push.datadog.sites import datadog_site

NOW = datetime(2026, 4, 2, 9, 40, tzinfo=UTC)
REQUESTS = 8


def plan_in_requests(folder: Path, options: PushOptions, requests: int) -> PushPlan:
    """At least so many requests, a power of two."""
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
