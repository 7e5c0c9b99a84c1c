from dataclasses import replace
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

import polars as pl
import pytest

from circleci_usage.core.periods import Period
from circleci_usage.cost_files.focus import write_focus
from circleci_usage.costs.pricing import PriceList
from circleci_usage.demo.company.exportfile import write_part
from circleci_usage.report_folder.summary import summary_json
from circleci_usage.report_folder.tables import lines_csv, tables
from circleci_usage.schema.export_columns import EXPORT_COLUMNS
from circleci_usage.usage.aggregates import Sums
from circleci_usage.usage.cache import cache_beside, load_sums, save_sums
from circleci_usage.usage.daily_usage import DailyUsage, read_daily_usage
from circleci_usage.usage.file_hashes import CACHE_FOLDER
from circleci_usage.usage.input_files import Part, find_parts
from circleci_usage.usage.name_patterns import NO_PATTERNS
from circleci_usage.usage.polars.aggregate import sum_parts
from circleci_usage.usage.statistics_shapes import SHAPES
from report_factory import MARCH, report_of_usage
from rows import Row, job_run

ROWS = [
    job_run("12.5", VCS_BRANCH="main"),
    job_run("7", JOB_NAME="lint", total="8", JOB_RUN_DATE="2026-03-05", STORAGE_CREDITS="3"),
    job_run("0", JOB_BUILD_STATUS="blocked", VCS_BRANCH="release/1"),
]


@pytest.fixture
def parts(tmp_path: Path) -> tuple[Part, ...]:
    return written(tmp_path, ROWS)


def written(folder: Path, rows: list[Row]) -> tuple[Part, ...]:
    write_part(folder / "part.csv.gz", rows)
    return find_parts([folder]).parts


def read(
    parts: tuple[Part, ...], *, branch_globs: tuple[str, ...] = (), period: Period | None = None
) -> DailyUsage:
    return read_daily_usage(
        parts, branch_globs=branch_globs, period=period, cache=cache_beside(parts)
    )


def saved(parts: tuple[Part, ...]) -> dict[str, int]:
    """The sums in the cache, and when each was written."""
    return {file.name: file.stat().st_mtime_ns for file in cache_beside(parts).glob("*.sums")}


def outputs(usage: DailyUsage, folder: Path, price: str = "0.0006") -> dict[str, bytes]:
    report = report_of_usage(usage, prices=PriceList.flat(Decimal(price)))
    write_focus(report, folder / "focus.csv")
    texts = {
        "summary.json": summary_json(report),
        **{name: lines_csv(lines) for name, lines in tables(report)},
    }
    return {name: text.encode() for name, text in texts.items()} | {
        "focus.csv": (folder / "focus.csv").read_bytes()
    }


def test_the_cached_and_the_fresh_way_give_the_same_bytes(
    parts: tuple[Part, ...], tmp_path: Path
) -> None:
    fresh = outputs(read_daily_usage(parts, branch_globs=()), tmp_path)

    filling = outputs(read(parts), tmp_path)
    before = saved(parts)
    cached = outputs(read(parts), tmp_path)

    assert fresh == filling == cached
    assert saved(parts) == before
    assert len(before) == 1


def test_a_new_price_is_told_from_the_cache(parts: tuple[Part, ...], tmp_path: Path) -> None:
    read(parts)
    before = saved(parts)

    dearer = outputs(read(parts), tmp_path, price="0.001")

    assert dearer == outputs(read_daily_usage(parts, branch_globs=()), tmp_path, price="0.001")
    assert saved(parts) == before


def test_other_bytes_of_a_part_are_read_again(parts: tuple[Part, ...], tmp_path: Path) -> None:
    read(parts)

    changed = written(tmp_path, [*ROWS[1:], job_run("13.5", VCS_BRANCH="main")])

    assert read(changed).rows == 3
    assert outputs(read(changed), tmp_path) == outputs(
        read_daily_usage(changed, branch_globs=()), tmp_path
    )
    assert len(saved(changed)) == 2


def test_other_branches_or_days_are_read_again(parts: tuple[Part, ...]) -> None:
    plain = read(parts)
    told_apart = read(parts, branch_globs=("release/*",))
    of_march = read(parts, period=MARCH)

    assert "release/*" not in plain.runs["branch_group"].tolist()
    assert "release/*" in told_apart.runs["branch_group"].tolist()
    assert of_march.rows == 3
    assert len(saved(parts)) == 2


@pytest.mark.parametrize("harm", [b"", b"short", b"\x00" * 5_000])
def test_a_damaged_cache_is_not_trusted(
    parts: tuple[Part, ...], tmp_path: Path, harm: bytes
) -> None:
    fresh = outputs(read(parts), tmp_path)
    (name,) = saved(parts)
    (cache_beside(parts) / name).write_bytes(harm)

    assert outputs(read(parts), tmp_path) == fresh
    assert (cache_beside(parts) / name).read_bytes() != harm


def test_one_flipped_bit_is_noticed(parts: tuple[Part, ...]) -> None:
    read(parts)
    (name,) = saved(parts)
    content = bytearray((cache_beside(parts) / name).read_bytes())
    content[len(content) // 2] ^= 1
    (cache_beside(parts) / name).write_bytes(content)

    read(parts)

    assert (cache_beside(parts) / name).read_bytes() != content


def loaded(parts: tuple[Part, ...]) -> tuple[Path, str, Sums]:
    """The sums that are kept, and where."""
    ((name, _),) = saved(parts).items()
    folder, key = cache_beside(parts), name.removesuffix(".sums")
    sums = load_sums(folder, key)
    assert sums is not None
    return folder, key, sums


@pytest.mark.parametrize("frame", ["days", "branches"])
def test_sums_of_another_shape_are_made_anew(
    parts: tuple[Part, ...], tmp_path: Path, frame: str
) -> None:
    """As another version would have saved them: one column less."""
    fresh = outputs(read(parts), tmp_path)
    folder, key, sums = loaded(parts)
    older = replace(sums, **{frame: getattr(sums, frame).drop("project")})
    save_sums(older, folder, key)

    assert load_sums(folder, key) is None
    assert outputs(read(parts), tmp_path) == fresh


@pytest.mark.parametrize("lacking", ["^.*_runs$", "^.*_(credits|runs)$"])
def test_sums_that_lack_columns_of_credit_types_are_made_again(
    parts: tuple[Part, ...], tmp_path: Path, lacking: str
) -> None:
    fresh = outputs(read(parts), tmp_path)
    folder, key, sums = loaded(parts)
    unlike = pl.col(lacking).exclude("job_runs", "total_credits")
    save_sums(replace(sums, days=sums.days.drop(sums.days.select(unlike).columns)), folder, key)

    assert outputs(read(parts), tmp_path) == fresh


def test_fewer_frames_are_no_sums(parts: tuple[Part, ...], tmp_path: Path) -> None:
    fresh = outputs(read(parts), tmp_path)
    (file,) = cache_beside(parts).glob("*.sums")
    body = file.read_bytes()[32:]
    body = body[: 8 + int.from_bytes(body[:8], "big")]
    file.write_bytes(sha256(body).digest() + body)

    assert outputs(read(parts), tmp_path) == fresh


def test_only_the_latest_are_kept(parts: tuple[Part, ...]) -> None:
    for number in range(7):
        read(parts, branch_globs=(f"branch-{number}",))

    assert len(saved(parts)) == 2


def test_where_nothing_can_be_written_nothing_is_kept(parts: tuple[Part, ...]) -> None:
    cache_beside(parts).write_text("a file in the way")

    assert read(parts).rows == 3


def test_the_cache_is_no_part(parts: tuple[Part, ...]) -> None:
    read(parts)

    assert cache_beside(parts).name == CACHE_FOLDER
    assert find_parts([parts[0].path.parent]).parts == parts


def test_the_shapes_are_those_of_an_engine(tmp_path: Path) -> None:
    nothing = tmp_path / "no-usage.csv"
    nothing.write_text(",".join(EXPORT_COLUMNS) + "\n", encoding="ascii")

    found = sum_parts([Part(nothing, EXPORT_COLUMNS)], NO_PATTERNS, None).run_statistics

    schemas = {name: dict(frame.schema) for name, frame in vars(found).items()}
    assert schemas == {name: dict(schema) for name, schema in SHAPES.items()}
