"""One part of an export: from a pre-signed URL to a verified file on disk, never whole in memory."""

import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import BinaryIO, Final
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import requests

from circleci_usage.core.errors import DataError, SettingsError
from circleci_usage.core.os_errors import translate_os_errors
from circleci_usage.core.progress import Progress
from circleci_usage.core.untrusted_text import inert
from circleci_usage.export.http import REDIRECTS, TOO_SLOW, BrokenError, Session, Timeouts, exchange
from circleci_usage.export.ledger import StoredPart
from circleci_usage.network.addresses import ALLOW, is_exposed, web_address
from circleci_usage.network.deadlines import Deadline, Switch
from circleci_usage.usage.input_files import GZIP_MAGIC, open_part, read_header

SLOWEST: Final = 1 << 16
"""Bytes that must arrive within `Timeouts.total`: less is no download, however steadily it drips."""

RATIO_FREE: Final = 64 << 20
"""Unpacked bytes that may have any compression ratio: a small file of equal rows is no bomb."""

_LONGEST_LENGTH: Final = 15
"""Digits of a length in bytes that a file can have; one of more is nonsense that no number of a progress bar holds."""

_MOST_REDIRECTS: Final = 5
_CHUNK: Final = 1 << 18
_UNPACKED_CHUNK: Final = 1 << 20
_GONE: Final = frozenset({401, 403, 404, 410})

_SIGNING: Final = re.compile(
    r"x-(amz|goog)-.*|awsaccesskeyid|googleaccessid|key-pair-id|policy|expires|signature"
    r"|s[eprtv]|sig|spr|ske|sk[stv]|sk[ot]id",
    re.IGNORECASE,
)
"""The parameters that sign a URL: those of Amazon S3 and CloudFront, of Google and of Azure storage."""


class ExpiredError(Exception):
    """The URL is not good any more: CircleCI gives fresh ones."""


class TooLargeError(DataError):
    """A limit that protects the disk is reached."""


class _OtherFileError(BrokenError):
    """What arrived earlier cannot be continued."""


class Allowance:
    """The bytes that may still be downloaded, shared by all downloads, and the means to end them together."""

    def __init__(self, size: int) -> None:
        self._left = size
        self._lock = Lock()
        self.switch = Switch()

    def take(self, size: int) -> None:
        """Use some.

        Raises:
            TooLargeError: not so many are left.
            BrokenError: the downloads were stopped.
        """
        if self.switch.is_off:
            raise BrokenError("stopped")
        with self._lock:
            self._left -= size
            if self._left < 0:
                raise TooLargeError(
                    "The downloads would make the store larger than its limit; raise --max-store-size"
                    " (MAX_STORE_SIZE), or remove old windows with `circleci-usage prune`."
                )

    def stop(self) -> None:
        """End all downloads at once, also those that hang."""
        self.switch.off()


def url_key(url: str) -> str:
    """What stays the same of a part when its URL is signed afresh, as 16 hexadecimal digits.

    That is its host, its path and its query without the signature.
    """
    address = urlsplit(url)
    pairs = parse_qsl(address.query, keep_blank_values=True)
    query = urlencode(sorted(pair for pair in pairs if not _SIGNING.fullmatch(pair[0])))
    return _digits(f"{address.hostname}{address.path}" + (f"?{query}" if query else ""))


def part_keys(urls: Iterable[str]) -> dict[str, str]:
    """The parts that an answer lists: the key of each → its URL.

    URLs of one answer that differ in nothing but what seems to sign them are different parts all the same. Their keys
    are of the whole URLs, so that none of them is taken for another one when fresh URLs come.
    """
    distinct = tuple(dict.fromkeys(urls))
    alike = Counter(map(url_key, distinct))
    return {url_key(url) if alike[url_key(url)] == 1 else _digits(url): url for url in distinct}


def _digits(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Download:
    """How to download: seconds to wait, bytes that may be used, who is told, and under which label.

    `allow_insecure` lets plain HTTP leave this machine.
    """

    timeouts: Timeouts
    allowance: Allowance
    progress: Progress
    label: str
    allow_insecure: bool = False


def download(url: str, target: Path, how: Download) -> None:
    """Fetch what is missing of a file, going on where an earlier try ended if the server can do that.

    Raises:
        ExpiredError: the URL is refused.
        BrokenError: it ended early; what arrived stays.
        TooLargeError: the allowance is used up.
        UnfinishedError: the disk is full.
        SettingsError: the file cannot be written.
    """
    how.allowance.take(0)
    try:
        with how.allowance.switch.deadline(how.timeouts.total) as deadline, exchange(deadline):
            total = _fetch(url, target, how, deadline)
    except _OtherFileError:
        target.unlink(missing_ok=True)
        raise
    if total is not None and _size(target) != total:
        raise BrokenError("it ended early")


def _fetch(url: str, target: Path, how: Download, deadline: Deadline) -> int | None:
    """The bytes that are missing, to the file; how long it is when it is whole, if that was said."""
    have = _size(target)
    with Session() as session, _answered(session, url, have, how) as response:
        if deadline.is_over:
            raise BrokenError(TOO_SLOW)
        begin, total = _extent(response, have)
        if begin and begin == total:
            return total
        with how.progress.task(how.label, total) as task, _opened(target, begin) as file:
            task.advance(begin)
            for chunk in _chunks(response, deadline):
                how.allowance.take(len(chunk))
                with translate_os_errors(target):
                    file.write(chunk)
                task.advance(len(chunk))
            with translate_os_errors(target):
                file.flush()
                os.fsync(file.fileno())
    return total


def _answered(session: Session, url: str, have: int, how: Download) -> requests.Response:
    """The answer, from wherever redirects lead to; their own bodies are not read."""
    headers = {"Range": f"bytes={have}-"} if have else {}
    timeout = (how.timeouts.connect, how.timeouts.read)
    for _ in range(1 + _MOST_REDIRECTS):
        _check_secure(url, how)
        response = session.get(
            url, headers=headers, timeout=timeout, stream=True, allow_redirects=False
        )
        if response.status_code not in REDIRECTS:
            return response
        response.close()
        url = urljoin(url, response.headers.get("Location", ""))
        if web_address(url) is None:
            raise BrokenError("the download server redirects to something that is no URL")
    raise BrokenError("the download server redirects without end")


def _check_secure(url: str, how: Download) -> None:
    address = urlsplit(url)
    if is_exposed(address) and not how.allow_insecure:
        raise SettingsError(
            f"CircleCI names a plain http address at {inert(address.hostname)} for a file of the export, so that others"
            f" could read its rows on their way; if that is right, allow it with {ALLOW}. What was asked for and"
            " fetched is kept."
        )


def verify(file: Path, name: str, max_ratio: int) -> StoredPart:
    """A whole file → what the ledger says of it under `name`: gzip checks, header, rows and checksum are sound.

    Raises:
        TooLargeError: it unpacks to more than `max_ratio` times its size.
        DataError: it is damaged, or no export.
    """
    size = _size(file)
    with file.open("rb") as raw:
        begin = raw.read(20)
        if not begin.startswith(GZIP_MAGIC):
            raise DataError(f"{name} is no export but begins with {begin!r}: a proxy's page?")
        raw.seek(0)
        digest = hashlib.file_digest(raw, "sha256").hexdigest()
    read_header(file)
    limit = max(RATIO_FREE, size * max_ratio)
    return StoredPart(
        name, bytes=size, sha256=digest, rows=_records(_unpacked(file, name, limit)) - 1
    )


def _extent(response: requests.Response, have: int) -> tuple[int, int | None]:
    """Where in the file the answer's first byte belongs, and how long the file is (None: not said)."""
    status = response.status_code
    if status in _GONE:
        raise ExpiredError
    described = response.headers.get("Content-Range", "").removeprefix("bytes ")
    span, _, total = described.partition("/")
    if status == requests.codes.partial and span.startswith(f"{have}-"):
        return have, _length(total)
    if status == requests.codes.requested_range_not_satisfiable and total == str(have):
        # An earlier run was killed between the last byte and the verification.
        return have, have
    if status == requests.codes.ok:
        return 0, _length(response.headers.get("Content-Length", ""))
    if status in {requests.codes.partial, requests.codes.requested_range_not_satisfiable}:
        raise _OtherFileError("the download server has another file than the one that was begun")
    raise BrokenError(f"the download server answered {status}")


def _length(text: str) -> int | None:
    """Of a file, in bytes, as a header says it; None when it says none."""
    if not text.isdecimal():
        return None
    if len(text) > _LONGEST_LENGTH:
        raise BrokenError("the download server names a length that no file has")
    return int(text)


def _chunks(response: requests.Response, deadline: Deadline) -> Iterator[bytes]:
    """The body as it is on the wire, unless it drips: the deadline is for each `SLOWEST` bytes of it."""
    deadline.renew()
    arrived = 0
    while chunk := response.raw.read1(_CHUNK, decode_content=False):
        yield chunk
        arrived += len(chunk)
        if arrived >= SLOWEST:
            deadline.renew()
            arrived = 0


@contextmanager
def _opened(target: Path, begin: int) -> Iterator[BinaryIO]:
    with translate_os_errors(target):
        file = target.open("ab" if begin else "wb")
    try:
        yield file
    finally:
        # Closing writes what is left in the buffer, which a full disk refuses once more.
        with translate_os_errors(target):
            file.close()


def _unpacked(file: Path, name: str, limit: int) -> Iterator[bytes]:
    size = 0
    with open_part(file) as stream:
        while chunk := stream.read(_UNPACKED_CHUNK):
            size += len(chunk)
            if size > limit:
                raise TooLargeError(
                    f"{name} unpacks to more than {limit >> 20} MiB, which no export does; if it is one all the same,"
                    " raise --max-ratio (MAX_RATIO)."
                )
            yield chunk


def _records(chunks: Iterable[bytes]) -> int:
    """The lines of a CSV text; a line end inside of quotes is none."""
    records, quoted, last = 0, False, b"\n"
    for chunk in chunks:
        # Between two quotes lies a quoted piece, after the second an open one, and so on: a doubled quote is nothing.
        pieces = chunk.split(b'"')
        records += sum(piece.count(b"\n") for piece in pieces[quoted::2])
        quoted ^= len(pieces) % 2 == 0
        last = chunk[-1:]
    return records + (last != b"\n")


def _size(file: Path) -> int:
    with suppress(FileNotFoundError):
        return file.stat().st_size
    return 0
