"""Parts → one file with one header: the rows themselves, for those who want to look further.

Parts with the same columns are copied as they are, byte by byte, several at a time: gzip files one after the other are
one gzip file. Other columns, or rows to leave out, cost a second reading with Polars.
"""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO, Final, cast

import polars as pl
from isal import igzip

from circleci_usage.columns import EXPORT_COLUMNS, NULL_MARKS
from circleci_usage.days import Period
from circleci_usage.files import replacing
from circleci_usage.machine import cores
from circleci_usage.usage.damage import damage_behind
from circleci_usage.usage.parts import Part, open_part
from circleci_usage.usage.repeats import LeftOut, are_apart, contents_of, left_out_of, origins_of, repeat_warnings
from circleci_usage.usage.runs import DAY_LENGTH
from circleci_usage.usage.scan import IDENTITY

_CHUNK: Final = 1 << 20
_ROW: Final = "the row's place"


def merge(
    parts: Sequence[Part], output: Path, *, only: Period | None = None, has_repeats: bool | None = None
) -> tuple[str, ...]:
    """Write the job runs of all parts to one gzip CSV, each once, atomically.

    Args:
        parts: in the order in which their rows are to stand.
        output: the file to write, replaced when it is there.
        only: leave out the job runs of other days.
        has_repeats: whether rows repeat job runs, if that is known.

    Returns:
        What a reader should know of the rows that were left out.

    Raises:
        DataError: a part is damaged.
        SettingsError: the output cannot be written.
    """
    left_out, warnings = (None, ()) if has_repeats is False else _repeats(parts)
    with replacing(output) as merged:
        if only is None and left_out is None and len({part.columns for part in parts}) == 1:
            _copy(parts, merged)
        else:
            _align(parts, merged, only, left_out)
    return warnings


def without_output(parts: Sequence[Part], output: Path) -> tuple[Part, ...]:
    """Leave out the file that is to be written, unless it is all that there is: it holds the other parts' rows."""
    others = tuple(part for part in parts if part.path != output.resolve())
    return others or tuple(parts)


def _repeats(parts: Sequence[Part]) -> tuple[LeftOut | None, tuple[str, ...]]:
    origins = origins_of(parts)
    if are_apart(origins):
        return None, ()
    with tempfile.TemporaryDirectory(prefix="circleci-usage-", ignore_cleanup_errors=True) as folder:
        file = Path(folder) / "identities.parquet"
        try:
            rows = pl.concat([_identified(part, number) for number, part in enumerate(parts)])
            rows.sink_parquet(file, compression="lz4", maintain_order=False, statistics=False)
            rows = pl.scan_parquet(file)
            left_out = left_out_of(rows, origins, contents_of(rows))
        except (pl.exceptions.PolarsError, OSError) as error:
            raise damage_behind(error, parts) from error
    return left_out, tuple(repeat_warnings(left_out.repeated(), origins)) if left_out else ()


def _identified(part: Part, number: int) -> pl.LazyFrame:
    """Of each row of a part what `left_out_of` looks at."""

    def text(name: str) -> pl.Expr:
        if name not in part.columns:
            return pl.lit(None, pl.String)
        return pl.when(~pl.col(name).is_in(["", *NULL_MARKS])).then(name)

    return _scan(part).select(
        pl.when(text(IDENTITY).is_not_null()).then(text(IDENTITY).hash()).alias("job_id"),
        pl.lit(number, pl.UInt32).alias("part"),
        pl.col(_ROW).cast(pl.UInt32).alias("row"),
        text("JOB_RUN_DATE").str.head(DAY_LENGTH).alias("date"),
    )


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


def _align(parts: Sequence[Part], output: BinaryIO, only: Period | None, left_out: LeftOut | None) -> None:
    present = {name for part in parts for name in part.columns}
    extra = sorted(present.difference(EXPORT_COLUMNS))
    columns = [name for name in EXPORT_COLUMNS if name in present] + extra
    rows = pl.concat([_texts(part, columns, places) for part, places in _with_places(parts, left_out)])
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


def _with_places(parts: Sequence[Part], left_out: LeftOut | None) -> Iterator[tuple[Part, pl.Series]]:
    """Each part with the places of its rows that are left out."""
    rows = left_out.rows if left_out else pl.DataFrame(schema={"part": pl.UInt32, "row": pl.UInt32})
    for number, part in enumerate(parts):
        yield part, rows.filter(pl.col("part") == number)["row"]


def _texts(part: Part, columns: Sequence[str], left_out: pl.Series) -> pl.LazyFrame:
    frame = _scan(part)
    if len(left_out):
        frame = frame.filter(~pl.col(_ROW).is_in(left_out.implode()))
    return frame.select(pl.col(name) if name in part.columns else pl.lit("\\N").alias(name) for name in columns)


def _scan(part: Part) -> pl.LazyFrame:
    schema = dict.fromkeys(part.columns, pl.String)
    return pl.scan_csv([part.path], has_header=False, skip_lines=1, schema=schema, glob=False, row_index_name=_ROW)


def _compressing(stream: BinaryIO) -> BinaryIO:
    # isal compresses several times faster than zlib; no time in the header, so that the same rows give the same bytes.
    return cast("BinaryIO", igzip.IGzipFile(fileobj=stream, mode="wb", mtime=0))
