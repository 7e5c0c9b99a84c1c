r"""Escape signs, headers in the middle, odd headers: read alike, merged into one dialect."""

import csv
import gzip
import io
import json
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from circleci_usage.core.errors import DataError
from circleci_usage.core.scaled_integers import to_decimal
from circleci_usage.demo.company.exportfile import Dialect, write_part
from circleci_usage.schema.export_columns import EXPORT_COLUMNS, NULL_MARKS
from circleci_usage.usage.cache import cache_beside
from circleci_usage.usage.daily_usage import DailyUsage, read_daily_usage
from circleci_usage.usage.input_files import find_parts
from circleci_usage.usage.merge import merge
from dialects import all_quoted_line, bare_line, export, header, plain_line, quoted_line
from hypothesis_profiles import examples
from inprocess import run_here
from rows import Row, job_run

JOB = EXPORT_COLUMNS.index("JOB_NAME")
REVERSED = tuple(reversed(EXPORT_COLUMNS))

Line = Callable[[Row], str]


def written(file: Path, text: str) -> Path:
    content = text.encode()
    file.write_bytes(gzip.compress(content, mtime=0) if file.suffix == ".gz" else content)
    return file


def jobs_of(usage: DailyUsage) -> dict[str, Decimal]:
    lines = usage.credits[["job", "credits"]].itertuples(index=False)
    found: Counter[str] = Counter()
    for job, credits in lines:
        found[job] += to_decimal(credits, usage.places)  # type: ignore[assignment]
    return dict(found)  # type: ignore[arg-type]


def read(*paths: Path) -> dict[str, Decimal]:
    return jobs_of(read_daily_usage(find_parts(paths).parts))


def merged(output: Path, *paths: Path) -> list[Row]:
    merge(find_parts(paths).parts, output)
    content = output.read_bytes()
    plain = gzip.decompress(content) if output.suffix == ".gz" else content
    return [tuple(row) for row in csv.reader(io.StringIO(plain.decode(), newline=""), strict=True)]


@pytest.mark.parametrize(
    ("name", "end", "mark"), [("part.csv", "\n", ""), ("part.csv.gz", "\r\n", "\ufeff")]
)
@pytest.mark.parametrize(
    ("line", "job"),
    [
        (bare_line, "test, slow"),
        (bare_line, "a, b, c"),
        (bare_line, 'say, "hi"'),
        (bare_line, "c:\\temp\\, or so"),
        (bare_line, "ends with a comma and a backslash,\\"),
        (quoted_line, 'say "hi"'),
        (quoted_line, 'say "hi'),
        (quoted_line, '"'),
        (quoted_line, '", "'),
        (quoted_line, 'two\nlines, "three"'),
        (quoted_line, 'c:\\"temp"\\'),
    ],
)
def test_a_backslash_escapes_where_a_row_does_not_fit(
    tmp_path: Path, name: str, end: str, mark: str, line: Line, job: str
) -> None:
    rows = [job_run("100"), job_run("50", JOB_NAME=job), job_run("25"), job_run("7", JOB_NAME=job)]
    part = written(tmp_path / name, mark + export(map(line, rows)).replace("\n", end))

    assert read(part) == {"test": 125, job.replace("\n", end): 57}
    assert [row[JOB] for row in merged(tmp_path / "all.csv", part)][1:] == [
        "test", job.replace("\n", end), "test", job.replace("\n", end),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "job"),
    [
        (plain_line, "c:\\temp\\new"),
        (plain_line, "ends\\"),
        (plain_line, "a\\\\b"),
        (plain_line, 'say \\"hi\\"'),
        (plain_line, "a\\, b"),
        (plain_line, "\\n"),
        (all_quoted_line, "ends\\"),
        (all_quoted_line, "a\\, b"),
        (all_quoted_line, 'a\\"b'),
        (all_quoted_line, 'two\nlines\\"'),
    ],
)
def test_a_row_that_fits_keeps_its_backslashes(tmp_path: Path, line: Line, job: str) -> None:
    odd = job_run("3", JOB_NAME="needs, it")
    for number, rows in enumerate([line(job_run("1", JOB_NAME=job)), bare_line(odd)]):
        written(tmp_path / f"{number}.csv", export([rows]))
    together = written(
        tmp_path / "both.csv", export([line(job_run("1", JOB_NAME=job)), bare_line(odd)])
    )

    assert read(tmp_path / "0.csv") == {job: 1}
    assert read(tmp_path / "0.csv", tmp_path / "1.csv") == {job: 1, "needs, it": 3}
    assert read(together) == {job: 1, "needs, it": 3}
    assert {row[JOB] for row in merged(tmp_path / "all.csv.gz", together)} == {
        "JOB_NAME",
        job,
        "needs, it",
    }


@pytest.mark.parametrize("null", NULL_MARKS)
@pytest.mark.parametrize("line", [bare_line, quoted_line])
def test_null_stays_null_beside_escapes(tmp_path: Path, null: str, line: Line) -> None:
    row = [
        null if field in NULL_MARKS else field
        for field in job_run("5", JOB_NAME='a, "b"', total=null)
    ]
    blocked = [null if field in NULL_MARKS else field for field in job_run("0", JOB_NAME=null)]
    part = written(tmp_path / "part.csv", export([line(tuple(row)), line(tuple(blocked))]))

    usage = read_daily_usage(find_parts([part]).parts)

    assert usage.runs["job"].tolist() == ["(none)", 'a, "b"']
    assert jobs_of(usage) == {'a, "b"': 5}
    assert {
        field for row in merged(tmp_path / "all.csv", part) for field in row if field in NULL_MARKS
    } == {"\\\\N"}


@pytest.mark.parametrize("line", [plain_line, all_quoted_line])
@pytest.mark.parametrize("more", [[], [job_run()]])
@pytest.mark.parametrize("command", [["report", "part.csv"], ["merge", "part.csv"]])
@pytest.mark.parametrize("is_required_first", [False, True])
def test_lines_that_cat_ran_together_are_said(
    tmp_path: Path, line: Line, more: list[Row], command: list[str], *, is_required_first: bool
) -> None:
    def lines(*rows: Row) -> str:
        return "".join(
            line(row[1:] if is_required_first else row) for row in (EXPORT_COLUMNS, *rows)
        )

    without_end = lines(job_run(), job_run()).removesuffix("\n")
    written(tmp_path / "part.csv", without_end + lines(*more))

    done = run_here(*command, cwd=tmp_path)

    assert done.code == 6, done.err
    assert (
        "part.csv, line 3: a row and the header of another file are in one line; put a" in done.err
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            bare_line(job_run(JOB_NAME="a, b")).replace("test", "x, y", 1).replace("web", "w,b", 1),
            "the row has 50 fiel",
        ),
        (bare_line(job_run(JOB_NAME="a, b"))[:-10].rpartition(",")[0] + "\n", "the row has"),
        (
            quoted_line(job_run(JOB_NAME='a "b"'))[:-2] + "\n",
            "this is not CSV (text follows a closing quote)",
        ),
        (all_quoted_line(job_run())[:-2] + "\n", "this is not CSV (a quote is not closed)"),
        (
            bare_line(job_run("many", JOB_NAME="a, b", total="1")),
            "COMPUTE_CREDITS is 'many', not a number",
        ),
    ],
)
@pytest.mark.parametrize("command", [["report", "part.csv"], ["merge", "part.csv"]])
def test_what_fits_in_no_way_is_damage(
    tmp_path: Path, text: str, message: str, command: list[str]
) -> None:
    written(
        tmp_path / "part.csv",
        export([plain_line(job_run()), bare_line(job_run(JOB_NAME="fine, so")), text]),
    )
    is_value = "not a number" in message

    done = run_here(*command, cwd=tmp_path)

    # `merge` moves texts and judges no numbers.
    assert done.code == (0 if is_value and command[0] == "merge" else 6), done.err
    assert done.code == 0 or f"part.csv, line 4: {message}" in done.err


def test_the_line_is_counted_in_the_file_as_it_stands(tmp_path: Path) -> None:
    lines = [
        plain_line(job_run(JOB_NAME="two\nlines")),
        bare_line(job_run(JOB_NAME="a, b")),
        "\n",
        header(REVERSED),
        plain_line(tuple(reversed(job_run("many", total="1")))),
    ]
    part = written(tmp_path / "part.csv.gz", export(lines))

    with pytest.raises(
        DataError, match=r"part\.csv\.gz, line 7: COMPUTE_CREDITS is 'many', not a number"
    ):
        read(part)


LOOKS: dict[str, Callable[[str], str]] = {
    "as it was": str,
    "lower case": str.lower,
    "mixed case": str.title,
    "spaces": lambda text: text.replace(",", " ,  ").replace("\n", " \n"),
    "quoted": lambda text: '"' + text.strip().replace(",", '","') + '"\n',
    "quoted, spaces": lambda text: ' "' + text.strip().replace(",", '" , "').lower() + '"\n',
    "a mark": lambda text: "\ufeff" + text,
    "a mark and quotes": lambda text: '\ufeff"' + text.strip().replace(",", '","') + '"\n',
    "windows": lambda text: text.replace("\n", "\r\n"),
}


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS.keys())
@pytest.mark.parametrize(
    "columns",
    [EXPORT_COLUMNS, REVERSED, (*EXPORT_COLUMNS[:44], "NEW, AI_CREDIT", *EXPORT_COLUMNS[44:])],
)
def test_a_header_may_look_like_this_first_and_in_the_middle(
    tmp_path: Path, look: Callable[[str], str], columns: tuple[str, ...]
) -> None:
    def line(row: Row) -> str:
        return plain_line(
            tuple(
                row[EXPORT_COLUMNS.index(name)] if name in EXPORT_COLUMNS else "x"
                for name in columns
            )
        )

    names = tuple(name.replace("NEW, AI", "NEW AI") for name in columns)
    first = look(header(names)) + line(job_run("100", JOB_NAME="one"))
    written(tmp_path / "first.csv", first)
    middle = (
        export([plain_line(job_run("20", JOB_NAME="two"))]) + first + look(header(names)) + first
    )
    written(tmp_path / "middle.csv.gz", middle)

    assert read(tmp_path / "first.csv") == {"one": 100}
    assert read(tmp_path / "middle.csv.gz") == {"two": 20, "one": 200}
    rows = merged(tmp_path / "all.csv", tmp_path / "middle.csv.gz")
    assert [row[rows[0].index("JOB_NAME")] for row in rows[1:]] == ["two", "one", "one"]


def test_gzip_files_may_be_put_together(tmp_path: Path) -> None:
    first = gzip.compress(export([plain_line(job_run("1", JOB_NAME="one"))]).encode())
    second = gzip.compress(
        (header(REVERSED) + all_quoted_line(tuple(reversed(job_run("2", JOB_NAME="two"))))).encode()
    )
    (tmp_path / "joined.csv.gz").write_bytes(first + second + first)

    assert read(tmp_path / "joined.csv.gz") == {"one": 2, "two": 2}


def test_headers_alone_are_no_usage(tmp_path: Path) -> None:
    part = written(tmp_path / "part.csv", header() + header().lower() + header(REVERSED))
    empty = written(tmp_path / "empty.csv", header())

    assert read(part, empty) == {}
    assert len(merged(tmp_path / "all.csv", part, empty)) == 1


def test_a_repeated_header_with_a_column_twice_is_said(tmp_path: Path) -> None:
    part = written(tmp_path / "part.csv", header() + header().replace("EXECUTOR", "PARALLELISM"))

    with pytest.raises(
        DataError,
        match=r"part\.csv, line 2, is not a usage export: it has the column PARALLELISM",
    ):
        read(part)


def test_a_quote_in_the_middle_of_a_text_is_itself(tmp_path: Path) -> None:
    bare = [
        ",".join(job_run(str(number), JOB_NAME=name)) + "\n"
        for number, name in ((1, '6" disk'), (2, "test"))
    ]
    part = written(tmp_path / "part.csv", export([*bare, *bare]))

    assert read(part) == {'6" disk': 2, "test": 4}
    assert [row[JOB] for row in merged(tmp_path / "all.csv", part)][1:] == ['6" disk', "test"] * 2


def test_escapes_in_a_column_that_nobody_knows_lose_no_rows(tmp_path: Path) -> None:
    columns = (*EXPORT_COLUMNS, "NOTE")
    rows = [
        (*job_run("1"), 'say "hi'),
        (*job_run("10"), "no"),
        (*job_run("100"), 'say "hi'),
        (*job_run("1000"), "no"),
    ]
    part = written(tmp_path / "part.csv", export(map(quoted_line, rows), columns))

    assert read(part) == {"test": 1111}
    assert [row[-1] for row in merged(tmp_path / "all.csv", part)] == [
        "NOTE",
        'say "hi',
        "no",
        'say "hi',
        "no",
    ]


def test_the_cache_knows_the_file_by_its_own_bytes(tmp_path: Path) -> None:
    part = written(tmp_path / "part.csv", export([bare_line(job_run("50", JOB_NAME="test, slow"))]))
    parts = find_parts([part]).parts
    for _ in range(2):
        assert jobs_of(read_daily_usage(parts, cache=cache_beside(parts))) == {"test, slow": 50}

    written(part, export([bare_line(job_run("50", JOB_NAME="test, fast"))]))
    parts = find_parts([part]).parts
    assert jobs_of(read_daily_usage(parts, cache=cache_beside(parts))) == {"test, fast": 50}


DIALECTS = [
    Dialect(compress=False),
    Dialect(null=NULL_MARKS[0]),
    Dialect(quoted=True, null=NULL_MARKS[0], compress=False),
    Dialect(crlf=True, bom=True, compress=False),
    Dialect(quoted=True, columns=REVERSED),
]


def test_what_is_merged_has_one_dialect(tmp_path: Path) -> None:
    for number, dialect in enumerate(DIALECTS):
        rows = [
            job_run(str(number), JOB_NAME=f"job {number}"),
            job_run(JOB_NAME='a "b", c', VCS_BRANCH="c:\\dir\\"),
        ]
        write_part(tmp_path / f"{number}.csv", rows, dialect)
        alone = merged(tmp_path / "alone.csv", tmp_path / f"{number}.csv")
        expected = [
            tuple(dict(zip(EXPORT_COLUMNS, row, strict=True))[name] for name in alone[0])
            for row in rows
        ]
        assert alone[1:] == expected
        (tmp_path / "alone.csv").unlink()

    rows = merged(tmp_path / "all.csv", tmp_path)

    assert rows[0] == EXPORT_COLUMNS
    assert (tmp_path / "all.csv").read_bytes() == export(map(plain_line, rows[1:])).encode()
    assert {field for row in rows for field in row if field in NULL_MARKS} == {"\\\\N"}


def test_a_name_that_needs_quotes_has_them_in_the_merged_header(tmp_path: Path) -> None:
    columns = (*EXPORT_COLUMNS, 'AI, "NEW" CREDITS')
    for number in range(2):
        write_part(
            tmp_path / f"{number}.csv",
            [job_run(str(number))],
            Dialect(columns=columns, compress=False),
        )
    write_part(tmp_path / "2.csv", [job_run()], Dialect(compress=False))

    for output, paths in (
        ("same.csv", ["0.csv", "1.csv"]),
        ("other.csv", ["0.csv", "1.csv", "2.csv"]),
    ):
        rows = merged(tmp_path / output, *(tmp_path / path for path in paths))
        assert rows[0] == columns
        assert {len(row) for row in rows} == {len(columns)}


def test_an_empty_text_is_null_in_quotes_or_not(tmp_path: Path) -> None:
    quoted = all_quoted_line(job_run("1", JOB_NAME=""))
    bare = plain_line(job_run("2", JOB_NAME=""))
    odd = bare_line(job_run("4", JOB_NAME="a, b", VCS_BRANCH=""))
    for number, lines in enumerate([[quoted], [bare], [odd, quoted, bare]]):
        written(tmp_path / f"{number}.csv", export(lines))

    direct = read(tmp_path)
    rows = merged(tmp_path / "merged.csv", tmp_path)

    assert direct == {"(none)": 6, "a, b": 4}
    assert read(tmp_path / "merged.csv") == direct
    assert (tmp_path / "merged.csv").read_bytes() == export(map(plain_line, rows[1:])).encode()


def test_the_ending_says_whether_merge_packs(tmp_path: Path) -> None:
    write_part(tmp_path / "part.csv.gz", [job_run("12")])
    write_part(tmp_path / "other.csv", [job_run("30")], Dialect(quoted=True, compress=False))
    expected = export([plain_line(job_run("12"))]).encode()
    both = expected + plain_line(job_run("30")).encode()

    for paths, content in ((["part.csv.gz"], expected), (["part.csv.gz", "other.csv"], both)):
        for name, plain in (("x.csv", bytes), ("X.CSV", bytes), ("x.csv.gz", gzip.decompress)):
            done = run_here("merge", *paths, "--output", name, cwd=tmp_path)
            assert (done.code, done.out) == (0, f"{tmp_path / name}\n"), done.err
            assert plain((tmp_path / name).read_bytes()) == content

    done = run_here("merge", "part.csv.gz", "--output", "x.zip", cwd=tmp_path)
    assert done.code == 2
    assert "x.zip must end with .csv for plain CSV or with .csv.gz for gzip" in done.err
    assert not (tmp_path / "x.zip").exists()


def test_the_report_on_escaped_rows_is_whole(tmp_path: Path) -> None:
    rows = [
        job_run("100", JOB_NAME="build"),
        job_run("50", JOB_NAME="test, slow"),
        job_run("25", JOB_NAME="build"),
    ]
    written(tmp_path / "part.csv", export(map(bare_line, rows)))

    first = run_here("report", "part.csv", cwd=tmp_path)
    again = run_here("report", "usage-report", "--output", "again", "--no-merged", cwd=tmp_path)

    assert (first.code, again.code) == (0, 0), first.err + again.err
    for folder in ("usage-report", "again"):
        summary = json.loads((tmp_path / folder / "summary.json").read_text())
        assert (summary["totals"]["credits"], summary["totals"]["job_runs"]) == ("175", 3)
        assert "test, slow" in (tmp_path / folder / "index.html").read_text()
        assert '"test, slow"' in (tmp_path / folder / "tables" / "jobs.csv").read_text()


def test_a_single_row_with_an_escaped_quote_and_separator_is_counted(tmp_path: Path) -> None:
    rows = bare_line(job_run("1", JOB_NAME='j"k, it'))
    written(tmp_path / "part.csv.gz", header(EXPORT_COLUMNS) + rows)

    assert read(tmp_path) == {'j"k, it': 1}


names = st.text(st.sampled_from(list("ab ,\"\\'Né")), max_size=6).map(lambda text: f"j{text}k")
pieces = st.one_of(
    st.tuples(st.sampled_from([plain_line, all_quoted_line]), st.lists(names, max_size=4)),
    st.tuples(st.just(bare_line), st.lists(names.map(lambda name: name + ", it"), max_size=4)),
    st.tuples(st.just(quoted_line), st.lists(names.map(lambda name: f'"{name}"'), max_size=4)),
)


@given(st.lists(pieces, min_size=1, max_size=5), st.data())
@settings(deadline=None, max_examples=examples(25), suppress_health_check=[HealthCheck.too_slow])
def test_names_and_sums_do_not_depend_on_the_dialect(
    tmp_path_factory: pytest.TempPathFactory,
    written_as: list[tuple[Line, list[str]]],
    data: st.DataObject,
) -> None:
    folder = tmp_path_factory.mktemp("dialects")
    expected: Counter[str] = Counter()
    files = [""]
    for line, jobs in written_as:
        columns = data.draw(st.sampled_from([EXPORT_COLUMNS, REVERSED]))
        look = data.draw(st.sampled_from(list(LOOKS.values())))
        turned = 1 if columns is EXPORT_COLUMNS else -1
        lines = [
            line(job_run(str(number + 1), JOB_NAME=job)[::turned])
            for number, job in enumerate(jobs)
        ]
        expected.update(dict.fromkeys(jobs, 0))
        for number, job in enumerate(jobs):
            expected[job] += number + 1
        files[-1] += look(header(columns)) + "".join(lines)
        if data.draw(st.booleans()):
            files.append("")
    for number, text in enumerate(filter(None, files)):
        written(folder / f"{number}.csv.gz", text)

    direct = read(folder)
    merged(folder / "merged.csv.gz", folder)

    # What has the bytes of another file is a copy of it.
    if len({*filter(None, files)}) == len([*filter(None, files)]):
        assert direct == expected
    assert read(folder / "merged.csv.gz") == direct
