"""Zeros behind gzip data, as tapes and block devices leave them.

gzip skips them, fast readers do not.
"""

from pathlib import Path
from typing import Final

from isal import isal_zlib

from circleci_usage.usage.input_files import GZIP_MAGIC

_WINDOW: Final = 16 + 15
"""The window size that makes zlib read gzip."""
_CHUNK: Final = 1 << 14
"""Small, because its rest is copied at the end of each gzip member."""


def is_padded(path: Path) -> bool:
    """Whether a zero follows a member of a gzip file, whose data are sound."""
    member = isal_zlib.decompressobj(wbits=_WINDOW)
    with path.open("rb") as file:
        begin = file.read(len(GZIP_MAGIC))
        chunk = begin + file.read(_CHUNK) if begin == GZIP_MAGIC else b""
        while chunk:
            if member.eof and chunk.startswith(b"\0"):
                return True
            if member.eof:
                member = isal_zlib.decompressobj(wbits=_WINDOW)
            member.decompress(chunk)
            chunk = member.unused_data or file.read(_CHUNK)
    return False
