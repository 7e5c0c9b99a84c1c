"""A mock Google Cloud Storage on loopback: one bucket, what a warehouse asks of it."""

import json
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Final, Self
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

from circleci_usage.core.progress import SystemClock
from circleci_usage.demo.standin.messages import Request, Response
from circleci_usage.demo.standin.wire import Listener

BUCKET: Final = "usage-history"
_MISSING: Final = b"<Error><Code>NoSuchKey</Code></Error>"
_NO_BUCKET: Final = (
    b"<Error><Code>NoSuchBucket</Code><Message>The specified bucket does not exist.</Message>"
    b"</Error>"
)


class GcsServer:
    """Its objects by name, with the generation that each write gives them.

    Attributes:
        refusal: the response to every request, in place of the real one.
    """

    def __init__(self) -> None:
        self.objects: dict[str, tuple[int, bytes]] = {}
        self.refusal: Response | None = None
        self._generations = count(1)
        self._running = ExitStack()

    def __enter__(self) -> Self:
        self._listener = Listener(
            "download", SystemClock(), self._respond, lambda _: None, lambda _: None
        )
        self._running.enter_context(self._listener)
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()
        assert self._listener.defects == []

    @property
    def url(self) -> str:
        return self._listener.url

    def credentials(self, folder: Path) -> Path:
        """A file for GOOGLE_SERVICE_ACCOUNT, as obstore has it for servers of tests."""
        file = folder / "gcs.json"
        document = {
            "gcs_base_url": self._listener.url,
            "disable_oauth": True,
            "client_email": "",
            "private_key": "",
            "private_key_id": "",
        }
        file.write_text(json.dumps(document))
        return file

    def _respond(self, request: Request) -> Response:
        if self.refusal:
            return self.refusal
        url = urlsplit(request.path)
        bucket, _, name = unquote(url.path.lstrip("/")).partition("/")
        if bucket != BUCKET:
            return Response(404, {}, _NO_BUCKET)
        if request.method == "GET" and not name:
            return self._listing(parse_qs(url.query).get("prefix", [""])[0])
        return self._put(name, request) if request.method == "PUT" else self._get(name, request)

    def _listing(self, prefix: str) -> Response:
        entries = "".join(
            f"<Contents><Key>{escape(name)}</Key><Size>{len(content)}</Size>"
            f'<LastModified>2026-11-26T00:00:00.000Z</LastModified><ETag>"{generation}"</ETag>'
            "</Contents>"
            for name, (generation, content) in self.objects.items()
            if name.startswith(prefix)
        )
        return Response(200, {}, f"<ListBucketResult>{entries}</ListBucketResult>".encode())

    def _put(self, name: str, request: Request) -> Response:
        expected = request.headers.get("x-goog-if-generation-match")
        there, _ = self.objects.get(name, (0, b""))
        if expected is not None and int(expected) != there:
            return Response(412, {}, b"<Error><Code>PreconditionFailed</Code></Error>")
        generation = next(self._generations)
        self.objects[name] = generation, request.body
        return Response(200, _headers(generation))

    def _get(self, name: str, request: Request) -> Response:
        if name not in self.objects:
            return Response(404, {}, _MISSING)
        generation, content = self.objects[name]
        headers = _headers(generation)
        whole = len(content)
        wanted = request.headers.get("range")
        if wanted is None:
            if request.method == "HEAD":
                headers["Content-Length"] = str(whole)
            return Response(200, headers, content)
        first, _, last = wanted.removeprefix("bytes=").partition("-")
        piece = content[int(first) : int(last) + 1]
        headers["Content-Range"] = f"bytes {first}-{int(first) + len(piece) - 1}/{whole}"
        return Response(206, headers, piece)


def _headers(generation: int) -> dict[str, str]:
    return {
        "ETag": f'"{generation}"',
        "x-goog-generation": str(generation),
        "Last-Modified": "Thu, 26 Nov 2026 00:00:00 GMT",
    }
