"""The files at a location as a cluster sees them, and their headers."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pyspark.sql import Row, SparkSession
from pyspark.sql import functions as sql

from circleci_usage.core.errors import DataError, SettingsError
from circleci_usage.schema.report_files import MERGED_NAME
from circleci_usage.usage.headers import HEADER_LIMIT, header_columns
from circleci_usage.usage.input_files import GZIP_MAGIC, Part, Recorded, copy_warning

_GZIP_WINDOW: Final = 31


@dataclass(frozen=True)
class ClusterPart:
    """One file of an export, where Spark finds it; the rest is as in `usage.repeats.Origin`."""

    url: str
    original: str
    columns: tuple[str, ...]
    size: int
    modified: int
    recorded: Recorded | None = None


@dataclass(frozen=True)
class ClusterParts:
    """What URLs mean, with a line for each file that was left out."""

    parts: tuple[ClusterPart, ...]
    warnings: tuple[str, ...]


def shared_parts(parts: Sequence[Part]) -> tuple[ClusterPart, ...]:
    """Parts on a path that this machine and the workers of the cluster see alike.

    Of parts that are gone, the ledger knows the size.
    """
    return tuple(map(_shared, parts))


def _shared(part: Part) -> ClusterPart:
    # Not as_uri(): Hadoop takes an escaped letter for what it looks like.
    url, original = f"file://{part.path}", f"file://{part.original}"
    if part.is_gone and part.recorded:
        size, modified = part.recorded.bytes, 0
    else:
        state = part.original.stat()
        size, modified = state.st_size, state.st_mtime_ns
    return ClusterPart(url, original, part.columns, size, modified, part.recorded)


def find_cluster_parts(spark: SparkSession, urls: Sequence[str]) -> ClusterParts:
    """URLs of files and folders that Spark can read → the parts in them, each once.

    Raises:
        SettingsError: there is no file at all.
        DataError: a file is not a usage export.
        pyspark.errors.PySparkException: Spark cannot read a URL.
    """
    kept, copies = _without_copies(_listed(spark, urls))
    if not kept:
        raise SettingsError(
            f"No usage files (.csv or .csv.gz) at {', '.join(urls)};"
            " name the files or the folder of an export."
        )
    parts = [
        ClusterPart(file.path, file.path, _columns(file), file.length, file.modified * 1_000_000)
        for file in kept
    ]
    return ClusterParts(tuple(parts), copies)


def _listed(spark: SparkSession, urls: Sequence[str]) -> list[Row]:
    """Each file with its length, checksum and first bytes; the workers read the files."""
    content = sql.col("content")
    files = (
        spark.read.format("binaryFile")
        .options(recursiveFileLookup=True)
        .load(list(urls))
        .filter(sql.col("path").rlike(r"\.csv(\.gz)?$") & ~sql.col("path").contains("/incoming/"))
        .select(
            "path",
            "length",
            sql.unix_millis("modificationTime").alias("modified"),
            sql.sha2(content, 256).alias("checksum"),
            content.substr(1, HEADER_LIMIT).alias("head"),
        )
        .orderBy("path")
        .collect()
    )
    parts = [file for file in files if not file.path.endswith(f"/{MERGED_NAME}")]
    return parts or files


def _without_copies(files: Sequence[Row]) -> tuple[list[Row], tuple[str, ...]]:
    originals: dict[str, Row] = {}
    copies = []
    for file in files:
        original = originals.setdefault(file.checksum, file)
        if original is not file:
            copies.append(copy_warning(file.path, original.path))
    return list(originals.values()), tuple(copies)


def _columns(file: Row) -> tuple[str, ...]:
    head = bytes(file.head)
    try:
        plain = (
            zlib.decompressobj(_GZIP_WINDOW).decompress(head, HEADER_LIMIT)
            if head[:2] == GZIP_MAGIC
            else head
        )
    except zlib.error as error:
        raise DataError(
            f"{file.path}: the gzip data are damaged ({error}); download the file again."
        ) from None
    line, end, _ = plain.partition(b"\n")
    return header_columns(line + end, file.path)
