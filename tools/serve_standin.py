"""Serves the stand-in for CircleCI until it is killed, and writes its URL to the given file."""

import sys
from pathlib import Path
from threading import Event

from circleci_usage.core.progress import SystemClock
from circleci_usage.demo.company.company import Company
from circleci_usage.demo.standin.standin import StandIn

if __name__ == "__main__":
    with StandIn(Company(), SystemClock()) as circleci:
        Path(sys.argv[1]).write_text(circleci.url, encoding="ascii")
        Event().wait()
