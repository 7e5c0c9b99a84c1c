"""The file that `merge` writes: plain or packed lines, some at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, cast

from isal import igzip

from circleci_usage.core.errors import SettingsError

CHUNK: Final = 1 << 20


@dataclass(frozen=True)
class MergedFile:
    """A file that is being written.

    Attributes:
        stream: its bytes.
        packed: whether it is gzip.
    """

    stream: BinaryIO
    packed: bool

    @contextmanager
    def writing(self) -> Iterator[BinaryIO]:
        """A stream for lines. Each use appends a gzip file: several in a row are one gzip file."""
        if not self.packed:
            yield self.stream
            return
        # isal is several times faster than zlib. Without a time in the header, the same rows give
        # the same bytes.
        with igzip.IGzipFile(fileobj=self.stream, mode="wb", mtime=0) as compressing:
            yield cast("BinaryIO", compressing)

    def empty(self) -> None:
        """Start over with an empty file."""
        self.stream.seek(0)
        self.stream.truncate()


def is_packed(output: Path) -> bool:
    """Whether a file of this name is gzip.

    Raises:
        SettingsError: the name ends with neither .csv nor .csv.gz.
    """
    name = output.name.lower()
    if not name.endswith((".csv", ".csv.gz")):
        raise SettingsError(
            f"{output} must end with .csv for plain CSV or with .csv.gz for gzip; change --output."
        )
    return name.endswith(".gz")


def whole_lines(stream: BinaryIO) -> Iterator[bytes]:
    """About a chunk at a time, each with a line end."""
    while chunk := stream.read(CHUNK):
        lines = chunk if chunk.endswith(b"\n") else chunk + stream.readline(CHUNK)
        yield lines if lines.endswith(b"\n") else lines + b"\n"
