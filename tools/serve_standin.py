"""Serves the mock CircleCI until it is killed, and writes its URLs to files."""

import argparse
from pathlib import Path
from threading import Event

from circleci_usage.core.progress import SystemClock
from circleci_usage.demo.company.company import Company
from circleci_usage.demo.standin.standin import StandIn


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, help="where to write the URL")
    parser.add_argument("--app-file", type=Path, help="where to write the URL of its OAuth server")
    parser.add_argument("--polls", type=int, default=1, help="until an export is finished")
    given = parser.parse_args()
    with StandIn(Company(), SystemClock(), polls_until_complete=given.polls) as circleci:
        given.file.write_text(circleci.url, encoding="ascii")
        if given.app_file:
            given.app_file.write_text(circleci.app_url, encoding="ascii")
        Event().wait()


if __name__ == "__main__":
    main()
