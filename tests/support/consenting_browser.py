"""A browser for `BROWSER`: opens the address, and a person answers the consent page.

Usage: consenting_browser.py PLAN ADDRESS

PLAN is JSON: the access level and the button, or instead of them a query to come back with, in
which {state} and {challenge} stand for those of the login; and a port of this machine that is told
in the end what the browser saw. It writes to its standard output, as some browsers do.
"""

import json
import shlex
import socket
import sys
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from urllib.request import ProxyHandler, build_opener

from consent import consent_and_follow


def browser(folder: Path, **plan: object) -> str:
    """A value for `BROWSER`, whose script is in a folder."""
    script = folder / "browser.sh"
    command = shlex.join([sys.executable, __file__, json.dumps(plan)])
    script.write_text(f'#!/bin/sh\nexec {command} "$1"\n')
    script.chmod(0o755)
    return f"{script} %s &"


def arguments_of_all_processes() -> str:
    """What `ps` shows of all processes."""
    found = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(process.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:  # it has ended
            continue
    return "\n".join(found)


def come_back(address: str, query: str) -> None:
    """Open the start of a login, and then its end, whatever CircleCI would say."""
    start = urlsplit(address)
    connection = HTTPConnection(start.netloc, timeout=30)
    connection.request("GET", start.path)
    asked = parse_qs(urlsplit(connection.getresponse().headers["Location"]).query)
    connection.close()
    for name, parameter in {"{state}": "state", "{challenge}": "code_challenge"}.items():
        query = query.replace(name, asked[parameter][0])
    # Browsers open this machine's own addresses without a proxy.
    build_opener(ProxyHandler({})).open(f"{address}callback?{query}", timeout=30).read()


def answer(address: str, level: str = "read", button: str = "allow", port: int = 0) -> None:
    """Answer the consent page, and tell what was seen."""
    seen = arguments_of_all_processes()
    page = consent_and_follow(address, level, button)
    report = {"processes": seen, "page": page.text, "address": page.url}
    if port:
        with socket.create_connection(("127.0.0.1", port)) as told:
            told.sendall(json.dumps(report).encode())


def main(plan: str, address: str) -> None:
    sys.stdout.write("[browser] opening in existing session\n")
    chosen = json.loads(plan)
    come_back(address, chosen["query"]) if "query" in chosen else answer(address, **chosen)


if __name__ == "__main__":
    main(*sys.argv[1:])
