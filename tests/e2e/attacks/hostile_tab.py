"""A browser for `BROWSER` that brings back whatever QUERY says: hostile_tab.py ADDRESS.

In the variable, {state} and {challenge} stand for those of the login.
"""

import os
import sys
from http.client import HTTPConnection
from urllib.parse import parse_qs, urlsplit
from urllib.request import ProxyHandler, build_opener


def main(address: str) -> None:
    start = urlsplit(address)
    connection = HTTPConnection(start.netloc, timeout=30)
    connection.request("GET", start.path)
    asked = parse_qs(urlsplit(connection.getresponse().headers["Location"]).query)
    connection.close()
    query = os.environ["QUERY"].replace("{state}", asked["state"][0])
    query = query.replace("{challenge}", asked["code_challenge"][0])
    # Browsers open this machine's own addresses without a proxy.
    build_opener(ProxyHandler({})).open(f"{address}callback?{query}", timeout=30).read()


if __name__ == "__main__":
    main(sys.argv[1])
