"""Templates are compiled once: compiling them takes longer than all else of a small page.

Python keeps what it compiled of a module in the folder `__pycache__` beside it. Compiled templates
are kept in the same way, under the same conditions: not where Python was told to write nothing, and
not where the folder of the package is somebody else's. Whoever can write there can change the
program itself. They are read only if they were made from the same text by the same versions.
"""

import hashlib
import importlib.util
import marshal
import sys
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path
from types import CodeType
from typing import Final

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

from circleci_usage.core.atomic_files import atomic_write
from circleci_usage.core.errors import UsageExporterError

_DIGEST_SIZE: Final = hashlib.sha256().digest_size


class _CompiledTemplates(BytecodeCache):
    """The compiled templates of this process, and those that another one kept.

    Filters and globals are looked up in each `Environment`, so pages in two currencies share them.
    """

    def __init__(self) -> None:
        self._compiled: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Set the code of a template if it was compiled before."""
        key = bucket.key, bucket.checksum
        if key not in self._compiled:
            kept = _read(bucket)
            if kept is None:
                return
            self._compiled[key] = kept
        bucket.code = self._compiled[key]

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep the code of a template that was compiled."""
        if bucket.code:
            self._compiled[bucket.key, bucket.checksum] = bucket.code
            if not sys.dont_write_bytecode:
                _write(bucket, bucket.code)


COMPILED_TEMPLATES: Final = _CompiledTemplates()


def _read(bucket: Bucket) -> CodeType | None:
    with suppress(OSError, ValueError, EOFError, TypeError):
        content = _place(bucket).read_bytes()
        origin, code = content[:_DIGEST_SIZE], content[_DIGEST_SIZE:]
        if origin == _origin(bucket, code):
            kept = marshal.loads(code)  # noqa: S302 - as Python reads its own
            return kept if isinstance(kept, CodeType) else None
    return None


def _write(bucket: Bucket, compiled: CodeType) -> None:
    code = marshal.dumps(compiled)
    # Nothing depends on it: without, the next process compiles the template again.
    with suppress(UsageExporterError), atomic_write(_place(bucket)) as file:
        file.write(_origin(bucket, code) + code)


def _origin(bucket: Bucket, code: bytes) -> bytes:
    """Tells whether code is whole, and made from the same text by the same versions."""
    made_of = f"{_versions()}\n{bucket.checksum}\n"
    return hashlib.sha256(made_of.encode() + code).digest()


@cache
def _versions() -> str:
    return f"{version('jinja2')}\n{sys.version}"


def _place(bucket: Bucket) -> Path:
    name = f"{bucket.key}.py"
    return Path(importlib.util.cache_from_source(str(Path(__file__).with_name(name))))
