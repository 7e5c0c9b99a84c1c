"""Plans and pushes in many requests, as if there were more to send than there is; as a script, a process to be killed.

python push_runner.py FOLDER URL
"""

import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr

from circleci_usage.demo.clock import PinnedClock
from circleci_usage.progress import Silence
from circleci_usage.push.credentials import Credentials
from circleci_usage.push.datadog import push
from circleci_usage.push.plan import Plan, PushOptions, plan_push
from circleci_usage.push.sites import datadog_site

NOW = datetime(2026, 4, 2, 9, 40, tzinfo=UTC)
API_KEY = "0123456789abcdef0123456789abcdef"
REQUESTS = 8


def plan_in_requests(folder: Path, options: PushOptions, requests: int) -> Plan:
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
    push(plan, Credentials(SecretStr(API_KEY)), clock=PinnedClock(NOW), progress=Silence())
