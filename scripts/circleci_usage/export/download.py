"""Downloads one part of an export: from a pre-signed URL to a verified file, in small chunks."""

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
from circleci_usage.core.progress import BYTES, Progress
from circleci_usage.core.untrusted_text import inert
from circleci_usage.export.ledger import StoredPart
from circleci_usage.network.addresses import ALLOW, is_exposed, web_address
from circleci_usage.network.deadlines import Deadline, Switch
from circleci_usage.network.http import (
    REDIRECTS,
    TOO_SLOW,
    BrokenError,
    Session,
    Timeouts,
    exchange,
)
from circleci_usage.usage.foreign_files import foreign_format
from circleci_usage.usage.input_files import GZIP_MAGIC, open_part, read_header

SLOWEST: Final = 1 << 16
"""Bytes that must arrive within `Timeouts.total`; a slower download is given up."""

RATIO_FREE: Final = 64 << 20
"""Decompressed bytes at any ratio: a small file of equal rows is not a decompression bomb."""

_LONGEST_LENGTH: Final = 15
"""Digits of a possible file length in bytes; a longer number is nonsense."""

_MOST_REDIRECTS: Final = 5
_CHUNK: Final = 1 << 18
_UNPACKED_CHUNK: Final = 1 << 20
_GONE: Final = frozenset({401, 403, 404, 410})

_SIGNING: Final = re.compile(
    r"x-(amz|goog)-.*|awsaccesskeyid|googleaccessid|key-pair-id|policy|expires|signature"
    r"|s[eprtv]|sig|spr|ske|sk[stv]|sk[ot]id",
    re.IGNORECASE,
)
"""The query parameters that sign a URL: Amazon S3 and CloudFront, Google and Azure storage."""


class ExpiredError(Exception):
    """The URL has expired; another poll gives fresh ones."""


class TooLargeError(DataError):
    """A limit that protects the disk is reached."""


class _OtherFileError(BrokenError):
    """The file cannot be resumed because the server has another one now."""


class Allowance:
    """The bytes that all downloads together may still use, and a switch to stop them all."""

    def __init__(self, size: int) -> None:
        self._left = size
        self._lock = Lock()
        self.switch = Switch()

    def take(self, size: int) -> None:
        """Use some of the bytes.

        Raises:
            TooLargeError: fewer are left.
            BrokenError: the downloads were stopped.
        """
        if self.switch.is_off:
            raise BrokenError("stopped")
        with self._lock:
            self._left -= size
            if self._left < 0:
                raise TooLargeError(
                    "The downloads would exceed the size limit of the store; raise --max-store-size"
                    " (MAX_STORE_SIZE), or remove old windows with `circleci-usage prune`."
                )

    def stop(self) -> None:
        """Stop all downloads at once, stalled ones included."""
        self.switch.off()


def url_key(url: str) -> str:
    """What identifies a part when its URL is signed again, as 16 hexadecimal digits.

    Made from the host, the path and the query without the signature.

    Example:
        >>> first = url_key("https://s3/part-0.csv.gz?X-Amz-Signature=aa")
        >>> first == url_key("https://s3/part-0.csv.gz?X-Amz-Signature=bb")
        True
    """
    address = urlsplit(url)
    pairs = parse_qsl(address.query, keep_blank_values=True)
    unsigned = [(name, value) for name, value in pairs if not _SIGNING.fullmatch(name)]
    query = f"?{urlencode(sorted(unsigned))}" if unsigned else ""
    return _digits(f"{address.hostname}{address.path}{query}")


def part_keys(urls: Iterable[str]) -> dict[str, str]:
    """The parts that a response lists: the key of each → its URL.

    URLs of one response that differ only in what looks like a signature are different parts all the
    same. Their keys are made from the whole URLs, so none is mistaken for another when fresh URLs
    arrive.
    """
    distinct = tuple(dict.fromkeys(urls))
    count = Counter(map(url_key, distinct))
    parts = {}
    for url in distinct:
        key = url_key(url)
        parts[key if count[key] == 1 else _digits(url)] = url
    return parts


def _digits(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Download:
    """How to download a part.

    Attributes:
        timeouts: how long to wait.
        allowance: the bytes that may still be downloaded.
        progress: receives messages.
        label: what is done, for the progress.
        allow_insecure: whether plain HTTP to another machine is allowed.
    """

    timeouts: Timeouts
    allowance: Allowance
    progress: Progress
    label: str
    allow_insecure: bool = False


def download(url: str, target: Path, how: Download) -> None:
    """Download the rest of a file, resuming an earlier attempt if the server supports that.

    Raises:
        ExpiredError: the URL is rejected.
        BrokenError: it ended early; what arrived is kept.
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
        raise BrokenError("the download ended early")


def _fetch(url: str, target: Path, how: Download, deadline: Deadline) -> int | None:
    """Append the missing bytes to the file; returns the length of the whole file, if known."""
    have = _size(target)
    with Session() as session, _response(session, url, have, how) as response:
        if deadline.is_over:
            raise BrokenError(TOO_SLOW)
        begin, total = _extent(response, have)
        if begin and begin == total:
            return total
        task_of_part = how.progress.task(how.label, total, BYTES, done=begin)
        with task_of_part as task, _opened(target, begin) as file:
            for chunk in _chunks(response, deadline):
                how.allowance.take(len(chunk))
                with translate_os_errors(target):
                    file.write(chunk)
                task.advance(len(chunk))
            with translate_os_errors(target):
                file.flush()
                os.fsync(file.fileno())
    return total


def _response(session: Session, url: str, have: int, how: Download) -> requests.Response:
    """The response after redirects, whose own bodies are not read."""
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
            raise BrokenError("the download server redirects to an invalid URL")
    raise BrokenError("the download server redirects too many times")


def _check_secure(url: str, how: Download) -> None:
    address = urlsplit(url)
    if is_exposed(address) and not how.allow_insecure:
        raise SettingsError(
            f"CircleCI's download URL at {inert(address.hostname)} uses plain http, so others could"
            f" read the data in transit; if that is intended, allow it with {ALLOW}. Everything"
            " requested and downloaded so far is kept."
        )


def verify(file: Path, name: str, max_ratio: int) -> StoredPart:
    """Check a complete file's gzip, header and rows; returns its entry for the ledger.

    Args:
        file: the downloaded file.
        name: what the ledger calls it.
        max_ratio: the maximum decompression ratio.

    Raises:
        TooLargeError: it decompresses to more than `max_ratio` times its size.
        DataError: it is damaged, or not an export.
    """
    size = _size(file)
    with file.open("rb") as raw:
        begin = raw.read(20)
        if not begin.startswith(GZIP_MAGIC):
            raise DataError(f"{name} is not a usage export: {_what_is(begin)}. Rerun later.")
        raw.seek(0)
        digest = hashlib.file_digest(raw, "sha256").hexdigest()
    read_header(file)
    limit = max(RATIO_FREE, size * max_ratio)
    return StoredPart(
        name, bytes=size, sha256=digest, rows=_records(_unpacked(file, name, limit)) - 1
    )


def _what_is(begin: bytes) -> str:
    return foreign_format(begin) or f"it begins with {begin!r}, perhaps a proxy's page"


def _extent(response: requests.Response, have: int) -> tuple[int, int | None]:
    """Where in the file the response starts, and the file's length (None: unknown)."""
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
        raise _OtherFileError("the download server now has a different file")
    raise BrokenError(f"the download server returned HTTP {status}")


def _length(text: str) -> int | None:
    """The length of a file in bytes, from a header; None when it has none."""
    if not text.isdecimal():
        return None
    if len(text) > _LONGEST_LENGTH:
        raise BrokenError("the download server reports an impossible file length")
    return int(text)


def _chunks(response: requests.Response, deadline: Deadline) -> Iterator[bytes]:
    """The body as it is on the wire. The deadline applies to each `SLOWEST` bytes of it."""
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
        # Closing writes the rest of the buffer, which can fail on a full disk as well.
        with translate_os_errors(target):
            file.close()


def _unpacked(file: Path, name: str, limit: int) -> Iterator[bytes]:
    size = 0
    with open_part(file) as stream:
        while chunk := stream.read(_UNPACKED_CHUNK):
            size += len(chunk)
            if size > limit:
                raise TooLargeError(
                    f"{name} decompresses to more than {limit >> 20} MiB, far more than an"
                    " export should; if it is a valid export, raise --max-ratio (MAX_RATIO)."
                )
            yield chunk


def _records(chunks: Iterable[bytes]) -> int:
    r"""The number of records of a CSV text; a line break inside quotes does not end one.

    Example:
        >>> _records([b'id,note\n1,"two\nlines"\n'])
        2
    """
    records, quoted, last = 0, False, b"\n"
    for chunk in chunks:
        # Pieces between quotes alternate: outside, inside, outside. A doubled quote is an empty
        # piece.
        pieces = chunk.split(b'"')
        outside = pieces[quoted::2]
        records += sum(piece.count(b"\n") for piece in outside)
        quoted ^= len(pieces) % 2 == 0
        last = chunk[-1:]
    return records + (last != b"\n")


def _size(file: Path) -> int:
    with suppress(FileNotFoundError):
        return file.stat().st_size
    return 0
