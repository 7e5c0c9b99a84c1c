"""Serves the stand-in for CircleCI until it is killed, and writes its URL to a file that is given."""

import sys
from pathlib import Path
from threading import Event

from circleci_usage.demo.company import Company
from circleci_usage.demo.standin import StandIn
from circleci_usage.progress import SystemClock

if __name__ == "__main__":
    with StandIn(Company(), SystemClock()) as circleci:
        Path(sys.argv[1]).write_text(circleci.url, encoding="ascii")
        Event().wait()
