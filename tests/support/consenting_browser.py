"""A browser for `BROWSER`: opens the address, and a person answers the consent page.

Usage: consenting_browser.py PLAN ADDRESS

PLAN is JSON: the access level, the button, and a port of this machine that is told in the end what
the browser saw. It writes to its standard output, as some browsers do.
"""

import json
import socket
import sys
from pathlib import Path

from consent import consent_and_follow


def arguments_of_all_processes() -> str:
    """What `ps` shows of all processes."""
    found = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(process.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:  # it has ended
            continue
    return "\n".join(found)


def main(plan: str, address: str) -> None:
    sys.stdout.write("[browser] opening in existing session\n")
    chosen = json.loads(plan)
    seen = arguments_of_all_processes()
    page = consent_and_follow(address, chosen["level"], chosen["button"])
    report = {"processes": seen, "page": page.text, "address": page.url}
    with socket.create_connection(("127.0.0.1", chosen["port"])) as told:
        told.sendall(json.dumps(report).encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
