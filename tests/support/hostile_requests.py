"""Requests with which nobody may get into a login that listens; one table per subject."""

REBOUND_HOSTS = (
    "evil.example",
    "evil.example:{port}",
    "localhost",
    "localhost:{port}",
    "LOCALHOST:{port}",
    "127.0.0.1",
    "127.0.0.1:",
    "127.0.0.1:80",
    "127.0.0.1:0{port}",
    "127.0.0.1.:{port}",
    "127.1:{port}",
    "127.0.0.2:{port}",
    "2130706433:{port}",
    "0x7f000001:{port}",
    "0.0.0.0:{port}",
    "[::1]:{port}",
    "[::ffff:127.0.0.1]:{port}",
    "127.0.0.1.nip.io:{port}",
    "127.0.0.1:{port}.evil.example",
    "127.0.0.1:{port}@evil.example",
    "evil.example@127.0.0.1:{port}",
    "http://127.0.0.1:{port}",
    "127.0.0.1:{port}/",
    "127.0.0.1:{port},evil.example",
    "127.0.0.1:{port}\r\n evil.example",
    "evil.example\r\nX-Forwarded-Host: 127.0.0.1:{port}",
    "evil.example\r\nForwarded: host=127.0.0.1:{port}",
    "evil.example\r\nX-Original-Host: 127.0.0.1:{port}",
    "127.0.0.1:{port}\r\nHost: evil.example",
    "evil.example\r\nHost: 127.0.0.1:{port}",
    "127.0.0.1:{port}\r\nHost: 127.0.0.1:{port}",
    "",
)
"""Host headers of a name that was rebound to this machine, where {port} is the listener's."""

OTHER_REQUESTS = (
    *(
        f"{method} {path} HTTP/1.1\r\nHost: {{me}}\r\nContent-Length: 3\r\n\r\na=b"
        for method in ("POST", "PUT", "HEAD", "OPTIONS", "DELETE", "TRACE", "get", "PROPFIND")
        for path in ("/", "/callback?code=a&state=a")
    ),
    (
        "GET / HTTP/1.1\r\nHost: {me}\r\nOrigin: http://127.0.0.1:8000\r\n"
        "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    ),
    "GET / HTTP/1.1\r\nHost: {me}\r\nOrigin: null\r\n\r\n",
    "CONNECT {me} HTTP/1.1\r\nHost: {me}\r\n\r\n",
    "GET / HTTP/1.0\r\n\r\n",
    "GET / HTTP/1.1\r\n\r\n",
    "GET /\r\n\r\n",
    "GET / HTTP/1.1\r\nHost : {me}\r\n\r\n",
    "GET / HTTP/1.1\r\n Host: {me}\r\n\r\n",
    "GET / HTTP/2.0\r\nHost: {me}\r\n\r\n",
    "GET / HTTP/1.1.1\r\nHost: {me}\r\n\r\n",
    "GET / FTP/1.1\r\nHost: {me}\r\n\r\n",
    "GET  \r\nHost: {me}\r\n\r\n",
    "GET http://{me}/ HTTP/1.1\r\nHost: {me}\r\n\r\n",
    "GET http://evil.example/ HTTP/1.1\r\nHost: {me}\r\n\r\n",
    "GET http://evil.example/callback?code=a&state=a HTTP/1.1\r\nHost: {me}\r\n\r\n",
    "GET http://[ HTTP/1.1\r\nHost: {me}\r\n\r\n",
    "GET @evil.example/ HTTP/1.1\r\nHost: {me}\r\n\r\n",
    "GET //evil.example HTTP/1.1\r\nHost: {me}\r\n\r\n",
    "GET /\\evil.example HTTP/1.1\r\nHost: {me}\r\n\r\n",
    "GET /%2e%2e/ HTTP/1.1\r\nHost: {me}\r\n\r\n",
    "GET /.. HTTP/1.1\r\nHost: {me}\r\n\r\n",
    "GET /etc/passwd HTTP/1.1\r\nHost: {me}\r\n\r\n",
    "GET /Callback?code=a&state=a HTTP/1.1\r\nHost: {me}\r\n\r\n",
    "GET /callback/?code=a&state=a HTTP/1.1\r\nHost: {me}\r\n\r\n",
    "GET /callback%00?code=a&state=a HTTP/1.1\r\nHost: {me}\r\n\r\n",
    "GET /callback;a?code=a&state=a HTTP/1.1\r\nHost: {me}\r\n\r\n",
    "GET /?next=https://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    "GET /result?next=https://evil.example/ HTTP/1.1\r\nHost: {me}\r\n\r\n",
    "GET * HTTP/1.1\r\nHost: {me}\r\n\r\n",
    "*\r\n\r\n",
    "\r\n\r\n",
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + "\x00" * 64,
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "GET /" + "a" * 70_000 + " HTTP/1.1\r\nHost: {me}\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: {me}\r\nA: " + "a" * 70_000 + "\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: {me}\r\n" + "A: a\r\n" * 200 + "\r\n",
    "GET / HTTP/1.1\r\nHost: {me}\r\nSec-Fetch-Dest: \x1b[2J\r\n\r\n",
)
"""Whole requests that no tab sends, where {me} is the listener."""

# What browsers say of each way in which a page of another site, or of another port of this machine,
# can make them open an address.
SITES = ("cross-site", "same-site", "same-origin")
EMBEDDED = (
    *("image", "script", "style", "iframe", "frame", "embed", "object", "empty", "font", "track"),
    *(
        "audio",
        "video",
        "manifest",
        "report",
        "worker",
        "serviceworker",
        "sharedworker",
        "webidentity",
    ),
)

WRONG_STATES = (
    "",
    "code=a",
    "code=a&state=",
    "code=a&state=a",
    "code=a&state=null",
    "code=a&state[]=a",
    "code=a&state=" + "A" * 43,
    "code=a&state=" + "A" * 8000,
    "code=a&state=%00",
    "code=a&state=%ff",
    "code=a&state=%ed%a0%80",
    "code=a&state=%0d%0aLocation:%20https://evil.example",
    "code=a&state=%1b]0;owned%07",
    "error=access_denied",
    "error=access_denied&state=a",
    "error=server_error&error_description=%1b[2J&state=a",
    "&".join(["state=a"] * 2),
    "&".join(f"f{number}=a" for number in range(1000)),
    "code=a;state=a",
    "%63ode=a&%73tate=a",
    "code=a&state=a#state=b",
)
"""Queries of redirects with a state of somebody else, or none."""
