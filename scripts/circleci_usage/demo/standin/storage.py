"""The stand-in's object storage: the parts of finished exports behind pre-signed URLs that expire.

It uses no tokens. Errors are XML, like those of the service that CircleCI's URLs point to.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from secrets import token_bytes
from typing import Final
from urllib.parse import SplitResult, parse_qs, parse_qsl, urlencode, urlsplit

from circleci_usage.core.progress import Clock
from circleci_usage.demo.standin.messages import Request, Response
from circleci_usage.demo.standin.rules import Rules

_STAMP: Final = "%Y%m%dT%H%M%SZ"
_RANGE: Final = re.compile(r"bytes=(\d+)-(\d*)")


class Storage:
    """Files by path: `keep` once, `url` for each fresh URL, `respond` for each download.

    A path may have a query. `base_url` is the address of its listener.
    """

    def __init__(self, rules: Rules, clock: Clock) -> None:
        self._rules = rules
        self._clock = clock
        self._files: dict[str, tuple[bytes, str]] = {}
        self._key = token_bytes(32)
        self.base_url = ""

    def keep(self, path: str, content: bytes) -> None:
        """Offer a file for download."""
        digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
        self._files[path] = content, f'"{digest}"'

    def url(self, path: str) -> str:
        """A fresh URL of a file, valid for `rules.url_lifetime`."""
        made = self._clock.now().strftime(_STAMP)
        lifetime = str(int(self._rules.url_lifetime.total_seconds()))
        query = {
            "X-Amz-Date": made,
            "X-Amz-Expires": lifetime,
            "X-Amz-Signature": self._signature(path, made, lifetime),
        }
        return f"{self.base_url}{path}{'&' if '?' in path else '?'}{urlencode(query)}"

    def respond(self, request: Request) -> Response:
        """The file, a range of it, or an error."""
        address = urlsplit(request.path)
        path = _without_signature(address)
        refusal = self._refusal(request, path, parse_qs(address.query))
        if refusal:
            return refusal
        content, etag = self._files[path]
        headers = {"Content-Type": "binary/octet-stream", "ETag": etag}
        if not self._rules.ranges:
            return Response(200, headers, content)
        return _ranged(request.headers, content, {**headers, "Accept-Ranges": "bytes"})

    def _refusal(
        self, request: Request, path: str, query: Mapping[str, Sequence[str]]
    ) -> Response | None:
        made, lifetime, signature = (
            query.get(f"X-Amz-{name}", [""])[0] for name in ("Date", "Expires", "Signature")
        )
        is_signed = hmac.compare_digest(signature, self._signature(path, made, lifetime))
        if request.method != "GET" or not is_signed:
            return _error(
                403,
                "SignatureDoesNotMatch",
                "The request signature does not match the signature provided.",
            )
        if "authorization" in request.headers:
            return _error(400, "InvalidArgument", "Only one auth mechanism allowed.")
        signed_at = datetime.strptime(made, _STAMP).replace(tzinfo=UTC)
        expires = signed_at + timedelta(seconds=int(lifetime))
        if self._clock.now() >= expires:
            return _error(403, "AccessDenied", "Request has expired")
        if path not in self._files:
            return _error(404, "NoSuchKey", "The specified key does not exist.")
        return None

    def _signature(self, *signed: str) -> str:
        return hmac.new(self._key, "\n".join(signed).encode(), hashlib.sha256).hexdigest()


def _without_signature(address: SplitResult) -> str:
    own = [
        (name, value) for name, value in parse_qsl(address.query) if not name.startswith("X-Amz-")
    ]
    return f"{address.path}?{urlencode(own)}" if own else address.path


def _ranged(requested: Mapping[str, str], content: bytes, headers: dict[str, str]) -> Response:
    """The requested range, if the file is still the one that the client started with."""
    wanted = _RANGE.fullmatch(requested.get("range", ""))
    if not wanted or requested.get("if-range", headers["ETag"]) != headers["ETag"]:
        return Response(200, headers, content)
    first, last = int(wanted[1]), min(int(wanted[2] or len(content)), len(content) - 1)
    if first >= len(content):
        return Response(416, {**headers, "Content-Range": f"bytes */{len(content)}"})
    return Response(
        206,
        {**headers, "Content-Range": f"bytes {first}-{last}/{len(content)}"},
        content[first : last + 1],
    )


def _error(status: int, code: str, message: str) -> Response:
    details = f"<Code>{code}</Code><Message>{message}</Message>"
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{details}</Error>'
    return Response(status, {"Content-Type": "application/xml"}, body.encode())
