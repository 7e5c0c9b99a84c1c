"""--engine spark on a real standalone cluster: the same numbers to the last digit."""

import csv
import gzip
import os
import re
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from shutil import copy, copy2, which
from threading import Event

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from circleci_usage.core.errors import DataError, SettingsError, UsageExporterError
from circleci_usage.core.periods import Period
from circleci_usage.core.scaled_integers import to_decimal
from circleci_usage.demo.company.company import Company
from circleci_usage.demo.company.exportfile import Dialect, write_part
from circleci_usage.schema.export_columns import EXPORT_COLUMNS
from circleci_usage.stored_usage import stored_parts
from circleci_usage.usage.cache import cache_beside
from circleci_usage.usage.chosen_names import RECENT_RUNS
from circleci_usage.usage.daily_usage import DailyUsage, daily_usage, read_daily_usage
from circleci_usage.usage.engine import Source
from circleci_usage.usage.file_hashes import CACHE_FOLDER
from circleci_usage.usage.input_files import FoundParts, find_parts
from circleci_usage.usage.job_groups import JobGroups
from circleci_usage.usage.kept_facts import keep_facts
from circleci_usage.usage.name_patterns import NO_PATTERNS, NamePatterns
from circleci_usage.usage.polars.engine import on_this_machine
from circleci_usage.usage.run_statistics import RunStatistics
from commandline import Finished, circleci_usage
from contracts import as_yaml, contracts, jobs, rules, sharings
from dialects import all_quoted_line, bare_line, export, header, plain_line, quoted_line
from hostile_runs import FIRST, hostile_runs
from oracle import Contract, Rule
from oracle_reports import assert_equals_oracle, report_of_parts
from recorded_store import Export, store_with
from rows import job_run

pytest.importorskip("pyspark", reason="make test-spark installs it")
if which("java") is None:
    pytest.skip("Spark needs Java", allow_module_level=True)

from pyspark.sql import SparkSession

from circleci_usage.usage.spark.cluster import spark_session
from circleci_usage.usage.spark.engine import on_cluster
from circleci_usage.usage.spark.sums import STATISTICS, SUMMING
from spark_cluster import Cluster

# PySpark and Py4J leave sockets for the garbage collector to close.
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)

DAYS = [date(2026, 10, day) for day in (1, 2, 5)]
NOTHING = FoundParts((), ())


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with Cluster(tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def spark(cluster: Cluster) -> Iterator[SparkSession]:
    """A session of this process, for what need not be seen on the command line."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in cluster.environment.items():
            patch.setenv(name, value)
        with spark_session(cluster.master) as session:
            yield session


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's company, in parts as different as parts can be."""
    folder = tmp_path_factory.mktemp("exports")
    dialects = (Dialect(), Dialect(quoted=True, crlf=True, bom=True), Dialect(compress=False))
    for day, dialect in zip(DAYS, dialects, strict=True):
        write_part(folder / f"{day}.csv{'.gz' * dialect.compress}", Company().rows(day), dialect)
    odd = [
        job_run(
            "0.1",
            PROJECT_NAME="c:\\new",
            VCS_BRANCH='a "quoted"\nbranch, with a line end',
            JOB_RUN_DATE=str(DAYS[0]),
        ),
        job_run(
            "12.345678901",
            PROJECT_NAME="ünïcode \U0001f600",
            JOB_NAME="two\r\nlines",
            JOB_RUN_DATE=str(DAYS[1]),
        ),
    ]
    write_part(folder / "odd.csv.gz", odd, Dialect(columns=tuple(sorted(Dialect().columns))))
    return folder


def report(cluster: Cluster, folder: Path, *arguments: object) -> Finished:
    chosen = ("--engine", "spark", "--spark-master", cluster.master)
    # A busy machine needs minutes for what takes an idle one ten seconds.
    return circleci_usage(
        "report", *arguments, *chosen, cwd=folder, env=cluster.environment, timeout=500
    )


def forget(folder: Path) -> None:
    """Forget what was read here, so that the cluster has to read it."""
    shutil.rmtree(folder / CACHE_FOLDER)


def files_of(folder: Path) -> dict[str, bytes]:
    """All files, without the minute in which the page was generated."""
    return {
        str(file.relative_to(folder)): re.sub(rb"Generated .* UTC by", b"", file.read_bytes())
        for file in folder.rglob("*")
        if file.is_file()
    }


def test_the_report_is_the_same_to_the_last_byte(
    cluster: Cluster, exports: Path, tmp_path: Path
) -> None:
    (tmp_path / "usage.yml").write_text(
        "job_groups: {deploy: ['deploy-*'], tests: ['*test*', 'e?d-to-end']}\n"
    )
    config = ("--config", "usage.yml")
    here = circleci_usage(
        "report", exports, "--no-merged", "--output", "here", *config, cwd=tmp_path
    )
    forget(exports)
    there = report(cluster, tmp_path, exports, "--output", "there", *config)

    assert (here.code, there.code) == (0, 0), there.err
    assert files_of(tmp_path / "there") == files_of(tmp_path / "here")
    assert there.out == here.out.replace("here", "there")
    jobs = (tmp_path / "here" / "tables" / "job_durations.csv").read_text()
    assert "deploy," in jobs
    assert "deploy-" not in jobs


def test_job_runs_count_once_and_new_credit_types_are_told_apart(
    cluster: Cluster, tmp_path: Path
) -> None:
    parts = tmp_path / "parts of it"
    parts.mkdir()
    runs = [
        job_run(
            str(2**number),
            JOB_ID=f"run {number}",
            JOB_RUN_DATE=str(DAYS[number % 3]),
            VCS_BRANCH="main",
        )
        for number in range(9)
    ]
    without_id = [
        job_run("0.5", JOB_ID=nothing, JOB_RUN_DATE=str(DAYS[0]))
        for nothing in ("\\\\N", "\\N", "")
    ]
    write_part(parts / "a.csv.gz", [*runs[:6], *without_id])
    write_part(
        parts / "b é.csv", [*runs[3:], runs[8], *without_id], Dialect(quoted=True, compress=False)
    )
    changed = [
        job_run("1000", JOB_ID=f"run {number}", JOB_RUN_DATE=str(DAYS[number % 3]))
        for number in (0, 1, 2)
    ]
    write_part(
        parts / "c.csv.gz", [*runs[:2], *changed], Dialect(columns=tuple(reversed(EXPORT_COLUMNS)))
    )
    for seconds, file in enumerate(sorted(parts.iterdir())):
        os.utime(file, (1_700_000_000 + seconds, 1_700_000_000 + seconds))
    with_agents = tmp_path / "parts of it" / "agents.csv"
    rows = [
        ("2", "300", "302"),
        ("2", "5", "2"),
        ("1", "7", "9"),
        ("1", "40", "9"),
        ("1", "no", "1"),
    ]
    with with_agents.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow([*EXPORT_COLUMNS, "AI_AGENT_CREDITS"])
        for compute, agent, total in rows:
            writer.writerow([*job_run(compute, total=total, JOB_RUN_DATE=str(DAYS[1])), agent])
    here = circleci_usage("report", parts, "--no-merged", "--output", "here", cwd=tmp_path)
    forget(parts)
    there = report(cluster, tmp_path, parts, "--output", "there")

    assert (here.code, there.code) == (0, 0), there.err
    assert "a.csv.gz: 6 rows repeat job runs of b é.csv and c.csv.gz" in here.err
    assert "its 5 credits of 1 job run are not part of TOTAL_CREDITS" in here.err
    assert "whether TOTAL_CREDITS includes its 40 credits of 1 job run is unknown" in here.err
    assert files_of(tmp_path / "there") == files_of(tmp_path / "here")


@pytest.mark.parametrize("text", ["0.1234567890123456789", "1e-19", "1e30"])
def test_amounts_that_would_be_rounded_are_refused(
    spark: SparkSession, tmp_path: Path, text: str
) -> None:
    write_part(tmp_path / "long.csv.gz", [job_run(text, total="1")])
    source = on_cluster(spark, find_parts([tmp_path]), ())

    with pytest.raises(
        DataError, match=rf"long\.csv\.gz: COMPUTE_CREDITS is '{text}', not a number"
    ):
        source.read(None, NO_PATTERNS)


def test_amounts_are_kept_to_the_last_digit(spark: SparkSession, tmp_path: Path) -> None:
    write_part(
        tmp_path / "part.csv.gz",
        [job_run("1.5E-17", total="1e3"), job_run("0.10000000000000000000")],
    )
    usage = daily_usage(on_cluster(spark, find_parts([tmp_path]), ()).read(None, NO_PATTERNS))

    assert to_decimal(int(usage.runs["total_credits"].sum()), usage.places) == Decimal("1000.1")


def test_a_stored_row_of_another_day_is_counted_once(spark: SparkSession, tmp_path: Path) -> None:
    first, last = (job_run("4", JOB_ID=str(day), JOB_RUN_DATE=str(day)) for day in DAYS[:2])
    store_with(
        tmp_path,
        Export(str(DAYS[0]), str(DAYS[0]), "2026-10-09", [[first]]),
        Export(str(DAYS[1]), str(DAYS[1]), "2026-10-19", [[last, first]]),
    )
    found = stored_parts(tmp_path)
    usage = daily_usage(on_cluster(spark, found, ()).read(None, NO_PATTERNS))

    assert usage.rows == 2
    assert usage.warnings == read_daily_usage(found.parts).warnings


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two files of job runs with whatever an export may hold, some of them in both."""
    folder = tmp_path_factory.mktemp("hostile")
    runs = hostile_runs(seed=19, workflow_runs=900)
    for number in range(2):
        write_part(folder / f"{number}.csv.gz", runs[number::2])
    return folder


@dataclass(frozen=True)
class Comparison:
    """What to sum up, and how it is on this machine; facts of the parts are kept since."""

    parts: FoundParts
    wanted: tuple[Period, NamePatterns, JobGroups]
    here: DailyUsage

    def is_equal_to(self, source: Source) -> bool:
        """Whether a source gives the same to the last digit."""
        assert_alike(daily_usage(source.read(*self.wanted)), self.here)
        return True


@pytest.fixture(scope="module")
def comparison(hostile: Path) -> Comparison:
    found = find_parts([hostile])
    patterns = NamePatterns(
        ("main", "release/*", "[(]*", "/release.[0-9]+|(none)?/"), ("/.*[0-7]/", "(none)")
    )
    period = Period.of_days(FIRST + timedelta(1), FIRST + timedelta(6))
    wanted = (period, patterns, JobGroups({"lint": ("lint-*",)}))
    here = daily_usage(on_this_machine(found).read(*wanted))
    assert len(here.run_statistics.recent_runs) > RECENT_RUNS
    return Comparison(found, wanted, here)


@pytest.fixture
def without_facts(comparison: Comparison, tmp_path: Path) -> FoundParts:
    """The same files where nothing is kept of them."""
    copies = [copy2(part.path, tmp_path) for part in comparison.parts.parts]
    return find_parts(map(Path, copies))


@pytest.mark.parametrize(
    ("phase", "are_kept"), [(SUMMING, False), (SUMMING, True), (STATISTICS, True)]
)
def test_hostile_runs_have_the_same_statistics_also_when_a_worker_is_lost(
    cluster: Cluster,
    spark: SparkSession,
    comparison: Comparison,
    without_facts: FoundParts,
    phase: str,
    *,
    are_kept: bool,
) -> None:
    log = cluster.log_of(spark.sparkContext.applicationId)
    is_over = Event()

    def lose_a_worker() -> None:
        while not log.has(f'"spark.job.description":"{phase}"'):
            if is_over.wait(0.05):
                return
        cluster.kill_a_worker()

    with ThreadPoolExecutor() as pool:
        losing = pool.submit(lose_a_worker)
        try:
            parts = comparison.parts if are_kept else without_facts
            assert comparison.is_equal_to(on_cluster(spark, parts, (), few=0))
        finally:
            is_over.set()
            losing.result()
            cluster.replace_a_worker()

    events = log.events()
    jobs = [
        number
        for number, event in enumerate(events)
        if event.get("Properties", {}).get("spark.job.description") == phase
    ]
    lost = [
        number
        for number, event in enumerate(events)
        if event["Event"] == "SparkListenerExecutorRemoved"
    ]
    # A worker that a busy machine leaves waiting may be lost as well.
    assert any(jobs[0] < number < jobs[-1] for number in lost)


def test_what_is_kept_and_what_is_not_is_read_together(spark: SparkSession, tmp_path: Path) -> None:
    found = partly_pruned(tmp_path)
    jobs = len(spark.sparkContext.statusTracker().getJobIdsForGroup(None))
    there = daily_usage(on_cluster(spark, found, (), few=0).read(None, NamePatterns(("main",))))

    here = daily_usage(on_this_machine(found).read(None, NamePatterns(("main",))))
    assert_alike(there, here)
    assert there.warnings == here.warnings
    assert len(there.warnings) == 5
    assert there.rows == 7
    assert len(spark.sparkContext.statusTracker().getJobIdsForGroup(None)) > jobs


def partly_pruned(folder: Path) -> FoundParts:
    """A store of three exports whose days overlap: only facts are left of the first one.

    Nothing is kept of the last one, which has a row of the first one's days.
    """
    runs = [
        job_run(
            amount,
            JOB_ID=f"run {number}",
            PIPELINE_ID=f"p{number // 3}",
            WORKFLOW_ID=f"w{number // 2}",
            JOB_RUN_NUMBER=str(number),
            JOB_RUN_DATE=f"2026-10-0{1 + number // 2}",
        )
        for number, amount in enumerate(["1", "2.5", "4", "8", "16", "32.125", "64"])
    ]
    store_with(
        folder,
        Export("2026-10-01", "2026-10-02", "2026-10-20", [runs[:3], runs[3:4]]),
        Export("2026-10-02", "2026-10-03", "2026-10-21", [[*runs[2:6], runs[5]]]),
        Export("2026-10-04", "2026-10-04", "2026-10-22", [[runs[6], runs[0]]]),
    )
    found = stored_parts(folder)
    keep_facts(found.parts[:3])
    for part in found.parts[:2]:
        part.path.unlink()
    gone = [replace(part, is_gone=True) for part in found.parts[:2]]
    return replace(found, parts=(*gone, *found.parts[2:]))


def test_what_was_read_here_is_not_read_by_the_cluster(
    spark: SparkSession, exports: Path, tmp_path: Path
) -> None:
    copies = shutil.copytree(exports, tmp_path / "exports", ignore=lambda *_: [CACHE_FOLDER])
    found = find_parts([copies])
    here = read_daily_usage(found.parts, cache=cache_beside(found.parts), branch_globs=("main",))
    source = on_cluster(spark, found, ())
    jobs = len(spark.sparkContext.statusTracker().getJobIdsForGroup(None))

    there = daily_usage(source.read(None, NamePatterns(("main",))))
    of_days = daily_usage(source.read(Period.of_days(DAYS[0], DAYS[0]), NamePatterns(("ma*",))))

    assert len(spark.sparkContext.statusTracker().getJobIdsForGroup(None)) == jobs
    assert there.runs.equals(here.runs)
    assert of_days.rows == here.rows
    write_part(copies / "more.csv.gz", [job_run("1", JOB_RUN_DATE=str(DAYS[0]))])
    copied = on_cluster(spark, find_parts([copies]), ())
    more = daily_usage(copied.read(None, NamePatterns(("main",))))
    assert more.rows == here.rows + 1
    assert len(spark.sparkContext.statusTracker().getJobIdsForGroup(None)) > jobs


def test_urls_are_looked_through_by_the_cluster(spark: SparkSession, tmp_path: Path) -> None:
    for number, name in enumerate(
        ("parts/a.csv.gz", "parts/merged.csv.gz", "incoming/new.csv.gz", "parts/b.csv")
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        write_part(
            tmp_path / name, [job_run(str(10**number))], Dialect(compress=name.endswith(".gz"))
        )
    copy(tmp_path / "parts" / "a.csv.gz", tmp_path / "parts" / "copy.csv.gz")
    (tmp_path / "parts" / "notes.txt").write_text("no usage")

    source = on_cluster(spark, NOTHING, [tmp_path.as_uri()])

    assert source.files == 2
    assert source.size == sum(
        (tmp_path / "parts" / name).stat().st_size for name in ("a.csv.gz", "b.csv")
    )
    [warning] = source.warnings
    assert re.search(r"/copy\.csv\.gz duplicates \S+/a\.csv\.gz and was skipped\.", warning)
    assert daily_usage(source.read(None, NO_PATTERNS)).credits["credits"].sum() == 1001


@pytest.mark.parametrize(
    ("name", "rows", "problem"),
    [
        (
            "text.csv.gz",
            [job_run("1"), job_run("many", total="1")],
            "{file}: COMPUTE_CREDITS is 'many', not a number;",
        ),
        (
            "day.csv",
            [job_run("1", JOB_RUN_DATE="yesterday")],
            "In the usage files a JOB_RUN_DATE is not a date;",
        ),
        (
            "long.csv",
            [(*job_run("1"), "more")],
            "{file} is damaged: a row is too short or too long, or the file is incomplete;",
        ),
        (
            "short.csv",
            [job_run("1")[:-1]],
            "{file} is damaged: a row is too short or too long, or the file is incomplete;",
        ),
    ],
)
def test_what_is_wrong_with_a_file_is_said(
    spark: SparkSession, tmp_path: Path, name: str, rows: list[tuple[str, ...]], problem: str
) -> None:
    write_part(tmp_path / name, rows, Dialect(compress=name.endswith(".gz")))
    source = on_cluster(spark, find_parts([tmp_path]), ())

    with pytest.raises(DataError, match=re.escape(problem.format(file=tmp_path / name))):
        source.read(None, NO_PATTERNS)


def odd_files(folder: Path) -> None:
    """What fast readers stumble over, or misunderstand without a word."""
    columns = tuple(reversed(EXPORT_COLUMNS))
    joined = [
        plain_line(job_run("1")),
        header(columns).lower(),
        all_quoted_line(job_run("2", JOB_NAME="late")[::-1]),
    ]
    (folder / "joined.csv").write_text(export(joined))
    (folder / "comma.csv").write_text(
        export([bare_line(job_run("4", JOB_NAME="test, slow")), plain_line(job_run())])
    )
    quotes = [quoted_line(job_run(amount, JOB_NAME='say "hi')) for amount in ("8", "16")]
    (folder / "quotes.csv").write_text(export([quotes[0], quoted_line(job_run("32")), quotes[1]]))
    (folder / "empty.csv").write_text(export([all_quoted_line(job_run("64", JOB_NAME=""))]))


def test_escape_signs_and_headers_in_the_middle_are_read_alike(
    spark: SparkSession, tmp_path: Path
) -> None:
    odd_files(tmp_path)
    found = find_parts([tmp_path])

    here = daily_usage(on_this_machine(found).read(None, NO_PATTERNS))
    there = daily_usage(on_cluster(spark, found, ()).read(None, NO_PATTERNS))

    jobs = here.credits.set_index("job")["credits"].groupby("job").sum().to_dict()
    assert jobs == {"test": 43, "late": 2, "test, slow": 4, 'say "hi': 24, "(none)": 64}
    for frame in ("runs", "credits", "branch_credits", "user_credits"):
        assert getattr(there, frame).to_csv() == getattr(here, frame).to_csv()
    assert sorted(file.name for file in tmp_path.iterdir() if file.name != ".daily-usage") == [
        "comma.csv",
        "empty.csv",
        "joined.csv",
        "quotes.csv",
    ]


def assert_alike(there: DailyUsage, here: DailyUsage) -> None:
    for frame in ("runs", "credits", "branch_credits", "user_runs", "user_credits"):
        assert getattr(there, frame).to_csv() == getattr(here, frame).to_csv(), frame
    assert there.run_statistics.places == here.run_statistics.places
    for name in {field.name for field in fields(RunStatistics)} - {"places"}:
        one, other = (in_order(getattr(each.run_statistics, name)) for each in (there, here))
        assert len(one) == len(other), name
        assert_frame_equal(one, other, check_dtype=False, check_exact=True, obj=name)


def in_order(frame: pd.DataFrame) -> pd.DataFrame:
    """Columns and rows in one order: the engines leave these to those who show them."""
    by_name = frame.reindex(columns=sorted(frame.columns))
    return by_name.sort_values([*by_name.columns], ignore_index=True)


def test_a_backslash_before_a_quote_may_be_itself(spark: SparkSession, tmp_path: Path) -> None:
    write_part(tmp_path / "part.csv.gz", [job_run(JOB_NAME='a \\"b"')])

    usage = daily_usage(on_cluster(spark, find_parts([tmp_path]), ()).read(None, NO_PATTERNS))

    assert usage.credits["job"].tolist() == ['a \\"b"']


def test_escape_signs_at_urls_are_said(spark: SparkSession, tmp_path: Path) -> None:
    odd_files(tmp_path)

    for name, problem in (
        (
            "quotes.csv",
            "The files at the URLs have backslashes before quotes, which may be escape signs;",
        ),
        ("comma.csv", "comma.csv is damaged: a row is too short or too long"),
        ("joined.csv", "joined.csv: \\S+ is '\\S+', not a number"),
    ):
        with pytest.raises(DataError, match=problem):
            on_cluster(spark, NOTHING, [(tmp_path / name).as_uri()]).read(None, NO_PATTERNS)


def test_a_file_that_was_cut_is_said(cluster: Cluster, tmp_path: Path) -> None:
    write_part(tmp_path / "cut.csv.gz", [job_run(str(number)) for number in range(1000)])
    os.truncate(tmp_path / "cut.csv.gz", (tmp_path / "cut.csv.gz").stat().st_size - 9)

    done = report(cluster, tmp_path, tmp_path)

    assert done.code == 6
    assert "cut.csv.gz: the gzip data are damaged (Compressed file ended" in done.err


def damaged(change: Callable[[bytes], bytes]) -> bytes:
    """A packed part with something done to its bytes."""
    return change(
        gzip.compress(
            export(plain_line(job_run(str(n), JOB_NAME=f"j{n}")) for n in range(500)).encode()
        )
    )


ROWS = export([plain_line(job_run("1")), plain_line(job_run("2"))]).encode()
ATTACKS = {
    "nothing": b"",
    "half a header": ROWS[:100],
    "a header": header().encode(),
    "a packed part cut within its header": damaged(lambda part: part[:30]),
    "a packed part cut in half": damaged(lambda part: part[: len(part) // 2]),
    "a packed part without its checksum": damaged(lambda part: part[:-8]),
    "a packed part with another checksum": damaged(lambda part: part[:-8] + b"12345678"),
    "a packed part with a byte changed": damaged(
        lambda part: part[:900] + bytes([part[900] ^ 255]) + part[901:]
    ),
    "a packed part with junk behind it": damaged(lambda part: part + b"junk"),
    "a packed part in a packed part": gzip.compress(gzip.compress(ROWS)),
    "a name that is not UTF-8": ROWS.replace(b"test", b"t\xff\xfest", 1),
    "half a surrogate": ROWS.replace(b"test", b"\xed\xa0\x80", 1),
    "a name with nul": ROWS.replace(b"test", b"te\0st", 1),
    "a quote that nobody closed": ROWS
    + ROWS.splitlines()[1].replace(b"test", b'"test')
    + b"\n"
    + ROWS,
    "text behind a quote": ROWS.replace(b"test", b'"te"st', 1),
    "a row of 2 MB": ROWS.replace(b"test", b"x" * (2 << 20), 1),
    "a row of lines of 2 MB": ROWS.replace(b"test", b'"' + b"x\n" * (1 << 20) + b'"', 1),
    "blank lines": ROWS + b"\n" * (4 << 20),
    "a name of 10,001 letters": ROWS.replace(b"test", b"x" * 10_001, 1),
    "the year 1": ROWS.replace(b"2026-03-02,", b"0001-01-01,", 1),
    "the year 9999": ROWS.replace(b"2026-03-02,", b"9999-12-31,", 1),
    "a day of no calendar": ROWS.replace(b"2026-03-02,", b"2026-02-30,", 1),
    "seconds beyond 64 bits": ROWS.replace(b",60,", b",99999999999999999999,", 1),
    "seconds of 64 bits": ROWS.replace(b",60,", b",9223372036854775807,", 1),
    "no number": ROWS.replace(b",60,", b",NaN,", 1),
    "a number of another script": ROWS.replace(b",60,", ",\uff16\uff10,".encode(), 1),
    "use that is no number": ROWS.replace(b",60,\\N", b",60,NaN", 1).replace(
        b",60,\\N", b",60,1e308"
    ),
    "another header in the middle": ROWS + ROWS,
    "other columns in the middle": ROWS
    + header(tuple(reversed(EXPORT_COLUMNS))).encode()
    + ROWS.splitlines()[1],
}


@pytest.mark.parametrize("content", ATTACKS.values(), ids=ATTACKS)
def test_a_hostile_file_is_read_as_here_or_refused(
    spark: SparkSession, tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "part.csv"
    file.write_bytes(content)

    here = outcome_of(lambda: on_this_machine(find_parts([file])))
    there = outcome_of(lambda: on_cluster(spark, find_parts([file]), ()))

    assert there == here


def outcome_of(source: Callable[[], Source]) -> object:
    """The credits of each job, or what kind of a refusal there is."""
    try:
        usage = daily_usage(source().read(None, NO_PATTERNS))
    except UsageExporterError as refusal:
        return type(refusal).exit_code
    lines = usage.credits[["job", "credits"]].itertuples(index=False)
    return sorted((job, to_decimal(int(credits), usage.places)) for job, credits in lines)


@pytest.mark.parametrize(
    "content", [ROWS[:-300], b"", None, ROWS.replace(b"COMPUTE", b"compute")[::-1]]
)
def test_a_file_that_changes_after_it_was_found_is_refused(
    spark: SparkSession, tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "part.csv"
    file.write_bytes(ROWS)
    source = on_cluster(spark, find_parts([file]), ())

    if content is None:
        file.unlink()
    else:
        file.write_bytes(content)
    with pytest.raises(UsageExporterError) as caught:
        source.read(None, NO_PATTERNS)

    assert "part.csv" in str(caught.value) or "Spark" in str(caught.value)


@pytest.mark.parametrize(
    "name", ["a row of 2 MB", "a quote that nobody closed", "seconds of 64 bits", "the year 1"]
)
def test_a_hostile_file_at_a_url_is_refused(spark: SparkSession, tmp_path: Path, name: str) -> None:
    file = tmp_path / "part.csv"
    file.write_bytes(ATTACKS[name])

    with pytest.raises(DataError):
        on_cluster(spark, NOTHING, [file.as_uri()]).read(None, NO_PATTERNS)


def test_what_is_no_export_is_said(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")

    with pytest.raises(
        DataError, match=r"/other\.csv is not a usage export: it lacks the columns "
    ):
        on_cluster(spark, NOTHING, [tmp_path.as_uri()])


def test_where_there_is_nothing_is_said(spark: SparkSession, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"No usage files \(.csv or .csv.gz\) at file://"):
        on_cluster(spark, NOTHING, [tmp_path.as_uri()])
    with pytest.raises(SettingsError, match=r"Spark cannot read these paths: .*/no/such/folder"):
        on_cluster(spark, NOTHING, ["file:///no/such/folder"])
    with pytest.raises(SettingsError, match=r"Spark cannot read these paths: .*S3AFileSystem"):
        on_cluster(spark, NOTHING, ["s3a://bucket/exports/"])


@pytest.mark.parametrize(
    "master", ["spark://127.0.0.1:9", "spark://no-such-host.invalid:7077", "spark://port"]
)
def test_no_cluster_is_said_at_once(tmp_path: Path, master: str) -> None:
    write_part(tmp_path / "part.csv.gz", [job_run("1")])

    done = circleci_usage(
        "report", tmp_path, "--engine", "spark", "--spark-master", master, cwd=tmp_path, timeout=20
    )

    assert done.code == 4
    assert f"There is no Spark master at {master} (" in done.err


def test_no_java_is_said(tmp_path: Path) -> None:
    write_part(tmp_path / "part.csv.gz", [job_run("1")])

    env = {"PATH": "/bin", "JAVA_HOME": str(tmp_path)}
    done = circleci_usage("report", tmp_path, "--engine", "spark", cwd=tmp_path, env=env)

    assert done.code == 2
    assert (
        "Spark needs Java 17 or newer on this machine too; install it, or set JAVA_HOME."
        in done.err
    )


@settings(
    max_examples=5,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(jobs=jobs, contract=contracts(), rules=rules, data=st.data())
def test_every_breakdown_equals_the_oracle(
    spark: SparkSession,
    tmp_path_factory: pytest.TempPathFactory,
    jobs: list[dict[str, str]],
    contract: Contract,
    rules: list[Rule],
    data: st.DataObject,
) -> None:
    def there(folder: Path) -> Source:
        return on_cluster(spark, find_parts([folder]), ())

    sharing = data.draw(sharings(rules))
    report = report_of_parts(
        tmp_path_factory.mktemp("parts"), [jobs], as_yaml(contract, rules, sharing), there
    )

    assert_equals_oracle(report, jobs, contract, rules, sharing)
