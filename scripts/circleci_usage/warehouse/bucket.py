"""The files of a warehouse in object storage: S3, or what speaks its language, or Google Cloud.

The library obstore finds credentials and endpoint itself:

    s3://   AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION,
            AWS_ENDPOINT_URL, AWS_ALLOW_HTTP, the web identity or the role of the machine
    gs://   GOOGLE_APPLICATION_CREDENTIALS, GOOGLE_SERVICE_ACCOUNT_KEY, the service account of the
            machine

Object storage has no locks. `loads.json` is replaced only if it is still the one that was read, so
a load that another one overtook stops before it changes a row. Two loads that write to the same
month in the same second may still mix their files: run one at a time.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import obstore
from obstore.store import GCSStore, S3Store

from circleci_usage.core.errors import SettingsError
from circleci_usage.core.os_errors import translate_os_errors
from circleci_usage.core.temporary_folders import working_folder
from circleci_usage.core.untrusted_text import inert
from circleci_usage.warehouse.bucket_errors import explaining
from circleci_usage.warehouse.warehouse_files import LOADS, no_warehouse

if TYPE_CHECKING:
    from obstore import Bytes, ObjectMeta, PutMode, PutResult, ReadableFile, UpdateVersion
    from obstore.store import RetryConfig

_ADDRESS: Final = re.compile(
    r"(?P<scheme>(?i:s3|gs))://(?P<bucket>[A-Za-z0-9][\w.-]{1,220})(?:/(?P<prefix>[^?#]*))?",
    re.ASCII,
)
"""Without a user, a password or a query: these may be secrets."""
_STORES: Final = {"s3": S3Store, "gs": GCSStore}
_RETRIES: Final["RetryConfig"] = {"max_retries": 4, "retry_timeout": timedelta(minutes=1)}
_CHUNK: Final = 5 << 20
"""Bytes of a request: obstore gives up on one after half a minute. Limits of our own would replace
those of the user's variables."""
_AT_ONCE: Final = 4


class Bucket:
    """Objects below a prefix; see `WarehouseFiles`."""

    def __init__(self, address: str) -> None:
        found = _ADDRESS.fullmatch(address.strip())
        prefix = (found["prefix"] or "").strip("/") if found else ""
        if not found or (prefix and not _is_plain(prefix)):
            raise SettingsError(
                "The address of the warehouse is not valid: write s3://bucket/prefix or"
                " gs://bucket/prefix, without credentials, '?', '#' and '..'; credentials are"
                " variables, such as AWS_ACCESS_KEY_ID or GOOGLE_APPLICATION_CREDENTIALS."
            )
        scheme, bucket = found["scheme"].lower(), found["bucket"]
        self.shown = inert(f"{scheme}://{bucket}/{prefix}".rstrip("/"))
        with explaining(self.shown):
            self._store = _STORES[scheme](bucket, prefix=prefix or None, retry_config=_RETRIES)
        self._version: PutMode = "create"

    @contextmanager
    def opened(self) -> Iterator[Path]:
        """Only looks at what is there: object storage has no locks."""
        with explaining(self.shown):
            # One object is enough to know, so no second page is requested.
            some = next(iter(obstore.list(self._store, chunk_size=1)), [])
        if some and self.read_loads() is None:
            raise no_warehouse(self.shown)
        with working_folder() as temporary:
            yield temporary

    def read_loads(self) -> bytes | None:
        """What was written last, by anyone."""
        with explaining(self.shown):
            try:
                found = obstore.get(self._store, LOADS)
            except FileNotFoundError:
                return None
            self._version = _version_of(found.meta)
            return bytes(found.bytes())

    def write_loads(self, content: bytes) -> None:
        """Replace the one that we read or wrote last."""
        with explaining(self.shown):
            put = obstore.put(self._store, LOADS, content, mode=self._version)
        self._version = _version_of(put)

    def local_copy(self, name: str, copy: Path) -> Path | None:
        """Download it, some megabytes at a time."""
        reader = self._reader(name)
        if reader is None:
            return None
        with translate_os_errors(copy), copy.open("wb") as stream:
            while chunk := self._next_chunk(reader):
                stream.write(chunk)
        return copy

    def put(self, name: str, file: Path) -> None:
        """Upload it; an upload in parts counts when all of them are there."""
        with explaining(self.shown):
            obstore.put(self._store, name, file, chunk_size=_CHUNK, max_concurrency=_AT_ONCE)

    def _reader(self, name: str) -> "ReadableFile | None":
        with explaining(self.shown):
            try:
                return obstore.open_reader(self._store, name, buffer_size=_CHUNK)
            except FileNotFoundError:
                return None

    def _next_chunk(self, reader: "ReadableFile") -> "Bytes":
        with explaining(self.shown):
            return reader.read(_CHUNK)


def _version_of(written: "ObjectMeta | PutResult") -> "UpdateVersion":
    """What the server said; it does not take a null back."""
    version: UpdateVersion = {}
    if written["e_tag"] is not None:
        version["e_tag"] = written["e_tag"]
    if written["version"] is not None:
        version["version"] = written["version"]
    return version


def _is_plain(prefix: str) -> bool:
    return prefix.isprintable() and not {"", ".", ".."} & {*prefix.split("/")}
