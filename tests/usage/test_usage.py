from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circleci_usage.core.errors import DataError
from circleci_usage.core.scaled_integers import to_decimal
from circleci_usage.demo.company.exportfile import COLUMNS_45, Dialect, write_part
from circleci_usage.schema.export_columns import EXPORT_COLUMNS, NULL_MARKS
from circleci_usage.usage.daily_usage import DailyUsage, read_daily_usage
from circleci_usage.usage.input_files import find_parts
from hypothesis_profiles import examples
from rows import Row, job_run

ROWS = [
    job_run("12.5"),
    job_run("7", JOB_RUN_DATE="2026-03-03", STORAGE_CREDITS="3"),
    job_run("0", JOB_NAME=NULL_MARKS[1], RESOURCE_CLASS=NULL_MARKS[1], JOB_BUILD_STATUS="blocked"),
    job_run(
        "1",
        JOB_NAME='lint, "quick"',
        WORKFLOW_NAME="two\nlines",
        PROJECT_NAME="c:\\new",
        PROJECT_ID="3",
    ),
]

DIALECTS = {
    "as in 2025": Dialect(),
    "one backslash": Dialect(null=NULL_MARKS[0]),
    "quoted": Dialect(quoted=True, null=NULL_MARKS[0]),
    "windows": Dialect(crlf=True, bom=True),
    "45 columns": Dialect(columns=COLUMNS_45),
    "another order": Dialect(columns=tuple(reversed(EXPORT_COLUMNS))),
    "more columns": Dialect(
        columns=(*EXPORT_COLUMNS[:20], "NEW_COLUMN", *EXPORT_COLUMNS[20:], "ANOTHER")
    ),
    "plain": Dialect(compress=False),
    "all at once": Dialect(
        quoted=True, crlf=True, bom=True, columns=tuple(sorted(COLUMNS_45)), compress=False
    ),
}


def usage_of(folder: Path, *parts: list[Row], dialect: Dialect = Dialect()) -> DailyUsage:
    for number, rows in enumerate(parts):
        write_part(folder / f"part-{number}.csv{'.gz' * dialect.compress}", rows, dialect)
    return read_daily_usage(find_parts([folder]).parts)


class Line(NamedTuple):
    """What one line of credits is of."""

    date: str
    organization: str
    project: str
    workflow: str
    job: str
    resource_class: str
    status: str
    credit_type: str


def amounts(usage: DailyUsage) -> dict[Line, Decimal]:
    lines = usage.credits.astype({"date": "str"})
    names = [Line(*map(str, line)) for line in lines[[*Line._fields]].itertuples(index=False)]
    credits = [to_decimal(int(each), usage.places) for each in lines["credits"]]
    return dict(zip(names, credits, strict=True))


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS.keys())
def test_every_dialect_reads_the_same(tmp_path: Path, dialect: Dialect) -> None:
    usage = usage_of(tmp_path, ROWS, dialect=dialect)

    assert usage.rows == 4
    assert amounts(usage) == {
        ("2026-03-02", "acme", "web", "build", "test", "medium", "success", "compute"): Decimal(
            "12.5"
        ),
        ("2026-03-03", "acme", "web", "build", "test", "medium", "success", "compute"): Decimal(7),
        ("2026-03-03", "acme", "web", "build", "test", "medium", "success", "storage"): Decimal(3),
        (
            "2026-03-02",
            "acme",
            "c:\\new",
            "two\nlines",
            'lint, "quick"',
            "medium",
            "success",
            "compute",
        ): Decimal(1),
    }
    blocked = usage.runs[usage.runs["status"] == "blocked"]
    assert blocked[["job", "resource_class", "job_runs"]].to_numpy().tolist() == [
        ["(none)", "(none)", 1]
    ]


def test_parts_of_different_dialects_add_up(tmp_path: Path) -> None:
    for number, dialect in enumerate(DIALECTS.values()):
        changed = [job_run(str(number + 1), JOB_NAME=f"job {number}")]
        write_part(tmp_path / f"{number}.csv", changed, dialect)

    usage = read_daily_usage(find_parts([tmp_path]).parts)

    assert usage.credits["credits"].sum() == sum(range(1, len(DIALECTS) + 1))


credits_texts = st.one_of(
    st.integers(0, 10**9).map(str),
    st.decimals(0, 10**9, places=6, allow_nan=False).map(lambda value: f"{value:f}"),
)


@given(
    credits=st.lists(
        st.tuples(credits_texts, st.sampled_from("ab"), st.integers(1, 28)), max_size=30
    ),
    data=st.data(),
)
@settings(deadline=None, max_examples=examples(30))
def test_sums_are_exact_however_the_rows_are_ordered_and_cut(
    tmp_path_factory: pytest.TempPathFactory,
    credits: list[tuple[str, str, int]],
    data: st.DataObject,
) -> None:
    rows = [
        job_run(each, JOB_NAME=job, JOB_RUN_DATE=f"2026-02-{day:02}") for each, job, day in credits
    ]
    shuffled = data.draw(st.permutations(rows))
    cut = data.draw(st.integers(0, len(rows)))
    whole = usage_of(tmp_path_factory.mktemp("whole"), rows)
    # A header apart keeps two equal halves from being taken for copies of one file.
    halves = usage_of(
        tmp_path_factory.mktemp("halves"), shuffled[:cut], [*shuffled[cut:], job_run("0")]
    )

    expected: dict[tuple[str, int], Decimal] = {}
    for each, job, day in credits:
        expected[job, day] = expected.get((job, day), Decimal(0)) + Decimal(each)
    by_job_and_day = {
        (line.job, int(line.date[-2:])): value for line, value in amounts(whole).items()
    }
    assert by_job_and_day == {key: value for key, value in expected.items() if value}
    assert amounts(halves) == amounts(whole)


def test_a_total_beyond_its_types_is_kept_as_other(tmp_path: Path) -> None:
    usage = usage_of(tmp_path, [job_run("10", total="12.25"), job_run("1")])

    assert usage.runs["unreconciled_rows"].sum() == 1
    assert {line.credit_type: value for line, value in amounts(usage).items()} == {
        "compute": 11,
        "other": Decimal("2.25"),
    }


def test_a_missing_credit_column_is_kept_as_other(tmp_path: Path) -> None:
    without = replace(
        Dialect(), columns=tuple(name for name in EXPORT_COLUMNS if name != "STORAGE_CREDITS")
    )

    usage = usage_of(tmp_path, [job_run("10", STORAGE_CREDITS="5")], dialect=without)

    assert usage.credits["credits"].sum() == 15


def test_a_row_without_a_total_counts_by_its_types(tmp_path: Path) -> None:
    usage = usage_of(tmp_path, [job_run("10", total=NULL_MARKS[1])])

    assert usage.runs["unreconciled_rows"].sum() == 0
    assert usage.credits["credits"].tolist() == [10]


def test_a_row_with_credits_is_kept_whatever_else_is_null(tmp_path: Path) -> None:
    nothing = dict.fromkeys(EXPORT_COLUMNS[:39], NULL_MARKS[1])
    seats = job_run("0", **{**nothing, "USER_CREDITS": "25000"})

    usage = usage_of(tmp_path, [seats])

    assert usage.credits[["project", "credit_type", "credits"]].to_numpy().tolist() == [
        ["(none)", "user", 25000]
    ]
    assert usage.credits["date"].isna().all()


def test_only_a_header_is_no_usage(tmp_path: Path) -> None:
    usage = usage_of(tmp_path, [])

    assert (usage.rows, len(usage.runs), len(usage.credits)) == (0, 0, 0)


def test_blank_lines_are_no_rows(tmp_path: Path) -> None:
    usage_of(tmp_path, [job_run()], dialect=Dialect(compress=False))
    part = tmp_path / "part-0.csv"
    part.write_text(part.read_text() + "\n\n")

    assert read_daily_usage(find_parts([part]).parts).rows == 1


def with_amount(column: str, text: str) -> Row:
    return tuple(
        text if name == column else field
        for name, field in zip(EXPORT_COLUMNS, job_run(), strict=True)
    )


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1e3", "1000"),
        ("1.5E-17", "0.000000000000000015"),
        ("1e-18", "0.000000000000000001"),
        ("0.1234567890123456780000", "0.123456789012345678"),
        ("99999999999999999999.5", "99999999999999999999.5"),
        (" 12.5", "12.5"),
    ],
)
def test_amounts_are_kept_to_the_last_digit(tmp_path: Path, text: str, amount: str) -> None:
    usage = usage_of(tmp_path, [job_run(text, total=text)])

    assert [to_decimal(count, usage.places) for count in usage.credits["credits"]] == [
        Decimal(amount)
    ]


@pytest.mark.parametrize(
    "text",
    ["0.1234567890123456789", "1e-19", "1.23e-17", "100000000000000000000", "1e30", "1" + "0" * 30],
)
@pytest.mark.parametrize("column", ["COMPUTE_CREDITS", "TOTAL_CREDITS"])
def test_amounts_that_would_be_rounded_are_refused(tmp_path: Path, column: str, text: str) -> None:
    with pytest.raises(
        DataError, match=rf"part-0\.csv\.gz, line 3: {column} is '{text}'; amounts have at most 18"
    ):
        usage_of(tmp_path, [job_run(), with_amount(column, text)])


def test_a_sum_that_is_too_large_is_refused(tmp_path: Path) -> None:
    large = "99999999999999999999.5"

    with pytest.raises(
        DataError, match=rf"line 3: TOTAL_CREDITS is '{large}'; .* less than 10\^17"
    ):
        usage_of(tmp_path, [job_run("1"), job_run("0", total=large), job_run("0", total=large)])


@pytest.mark.parametrize("nothing", [*NULL_MARKS, ""])
@pytest.mark.parametrize("quoted", [True, False])
def test_a_null_in_the_last_column_is_no_damage(tmp_path: Path, nothing: str, quoted: bool) -> None:
    rows = [job_run("10"), job_run("5", total=nothing, JOB_NAME='two\n"lines", one comma')]

    usage = usage_of(tmp_path, rows, dialect=Dialect(quoted=quoted))

    assert (usage.rows, usage.credits["credits"].sum()) == (2, 15)


@pytest.mark.parametrize("nothing", [NULL_MARKS[1], ""])
def test_a_torn_row_is_found_among_nulls_in_the_last_column(tmp_path: Path, nothing: str) -> None:
    rows: list[Row] = [
        job_run("10", total=nothing),
        job_run("1"),
        job_run("5", JOB_NAME='a, "b"')[:-1],
    ]

    with pytest.raises(DataError, match=r"line 4: the row has 47 fields, the header 48"):
        usage_of(tmp_path, rows)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (job_run("ten", total="1"), "line 3: COMPUTE_CREDITS is 'ten', not a number"),
        (job_run(total="NaN"), "line 3: TOTAL_CREDITS is 'NaN', not a number"),
        (job_run(JOB_RUN_DATE="2026-02-30"), "line 3: JOB_RUN_DATE is '2026-02-30', not a date"),
        (job_run()[:20], "line 3: the row has 20 fields, the header 48"),
        ((*job_run(), "more"), "line 3: the row has 49 fields, the header 48"),
    ],
)
@pytest.mark.parametrize("compress", [True, False])
def test_damage_is_named_by_file_and_line(
    tmp_path: Path, line: Row, message: str, compress: bool
) -> None:
    part = tmp_path / "damaged.csv"
    good = Dialect(columns=EXPORT_COLUMNS, compress=compress)
    write_part(part, [job_run(), line, job_run()], good)

    with pytest.raises(DataError, match=f"damaged.csv, {message}") as caught:
        read_daily_usage(find_parts([part]).parts)

    assert caught.value.exit_code == 6


def test_damaged_gzip_is_named(tmp_path: Path) -> None:
    part = tmp_path / "part.csv.gz"
    write_part(part, [job_run(JOB_ID=str(n)) for n in range(5000)])
    whole = part.read_bytes()

    for damaged in (whole[:-30], whole[:-8] + b"\0\0\0\0" + whole[-4:]):
        part.write_bytes(damaged)
        with pytest.raises(
            DataError, match=r"part\.csv\.gz: the gzip data are damaged .* download the file again"
        ):
            read_daily_usage(find_parts([part]).parts)


def test_text_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    part = tmp_path / "latin1.csv"
    write_part(part, [job_run(JOB_NAME="caf#")], Dialect(compress=False))
    part.write_bytes(part.read_bytes().replace(b"caf#", b"caf\xe9"))

    with pytest.raises(DataError, match=r"latin1\.csv, line 2: the text is not UTF-8"):
        read_daily_usage(find_parts([part]).parts)


def test_halves_of_branches_that_make_a_whole_day_stay_halves(tmp_path: Path) -> None:
    write_part(
        tmp_path / "part.csv.gz",
        [job_run("0.5", VCS_BRANCH=branch) for branch in ("fix-a", "fix-b")],
    )

    usage = read_daily_usage(find_parts([tmp_path]).parts)

    assert [to_decimal(count, usage.places) for count in usage.branch_credits["credits"]] == [
        Decimal("0.5")
    ] * 2


def test_large_and_broken_amounts_are_exact_beside_whole_ones(tmp_path: Path) -> None:
    amounts = ["7", "3000000000", "12.5", "9000000000000000000"]
    for number, amount in enumerate(amounts):
        write_part(tmp_path / f"{number}.csv.gz", [job_run(amount, JOB_NAME=amount)])

    usage = read_daily_usage(find_parts([tmp_path]).parts)

    found = {to_decimal(count, usage.places) for count in usage.credits["credits"].tolist()}
    assert found == {Decimal(amount) for amount in amounts}
