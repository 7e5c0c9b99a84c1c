"""Parts → one file with one header: the rows themselves, for those who want to look further.

Parts with the same columns are copied as they are, byte by byte, several at a time: gzip files one after the other are
one gzip file. Other columns, or days to leave out, cost a second reading with Polars.
"""

import shutil
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO, Final, cast

import polars as pl
from isal import igzip

from circleci_usage.columns import EXPORT_COLUMNS
from circleci_usage.days import Period
from circleci_usage.files import replacing
from circleci_usage.machine import cores
from circleci_usage.usage.damage import damage_behind
from circleci_usage.usage.parts import Part, open_part

_CHUNK: Final = 1 << 20


def merge(parts: Sequence[Part], output: Path, *, only: Period | None = None) -> None:
    """Write the job runs of all parts to one gzip CSV, atomically.

    Args:
        parts: in the order in which their rows are to stand.
        output: the file to write, replaced when it is there.
        only: leave out the job runs of other days.

    Raises:
        DataError: a part is damaged.
        SettingsError: the output cannot be written.
    """
    with replacing(output) as merged:
        if only is None and len({part.columns for part in parts}) == 1:
            _copy(parts, merged)
        else:
            _align(parts, merged, only)


def _copy(parts: Sequence[Part], merged: BinaryIO) -> None:
    with _compressing(merged) as header:
        header.write((",".join(parts[0].columns) + "\n").encode())
    with tempfile.TemporaryDirectory(prefix="circleci-usage-") as folder, ThreadPoolExecutor(cores()) as pool:
        copies = [Path(folder) / f"{number}.csv.gz" for number in range(len(parts))]
        for copy in pool.map(_copy_rows, parts, copies):
            with copy.open("rb") as rows:
                shutil.copyfileobj(rows, merged, _CHUNK)
            copy.unlink()


def _copy_rows(part: Part, copy: Path) -> Path:
    """The rows of a part without its header."""
    with copy.open("wb") as stream, _compressing(stream) as merged, open_part(part.path) as rows:
        rows.readline()
        last = b"\n"
        while chunk := rows.read(_CHUNK):
            merged.write(chunk)
            last = chunk[-1:]
        if last != b"\n":
            merged.write(b"\n")
    return copy


def _align(parts: Sequence[Part], output: BinaryIO, only: Period | None) -> None:
    present = {name for part in parts for name in part.columns}
    extra = sorted(present.difference(EXPORT_COLUMNS))
    columns = [name for name in EXPORT_COLUMNS if name in present] + extra
    rows = pl.concat([_texts(part, columns) for part in parts])
    if only is not None:
        day = pl.col("JOB_RUN_DATE").str.head(len("2026-01-31"))
        # A row without a day belongs to no other period either: keep it.
        rows = rows.filter(
            day.is_between(pl.lit(str(only.first)), pl.lit(str(only.last)))
            | ~day.str.contains(r"^\d").fill_null(value=False)
        )
    with tempfile.TemporaryFile() as plain:
        try:
            rows.sink_csv(plain, engine="streaming", check_extension=False)
        except (pl.exceptions.PolarsError, OSError) as error:
            raise damage_behind(error, parts) from error
        plain.seek(0)
        with _compressing(output) as merged:
            shutil.copyfileobj(plain, merged, _CHUNK)


def _texts(part: Part, columns: Sequence[str]) -> pl.LazyFrame:
    schema = dict.fromkeys(part.columns, pl.String)
    frame = pl.scan_csv([part.path], has_header=False, skip_lines=1, schema=schema, glob=False)
    return frame.select(pl.col(name) if name in part.columns else pl.lit("\\N").alias(name) for name in columns)


def _compressing(stream: BinaryIO) -> BinaryIO:
    # isal compresses several times faster than zlib; no time in the header, so that the same rows give the same bytes.
    return cast("BinaryIO", igzip.IGzipFile(fileobj=stream, mode="wb", mtime=0))
