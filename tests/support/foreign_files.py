"""Files that people mistake for usage exports, as the programs that save them write them."""

import bz2
import csv
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Mapping

import polars as pl

from circleci_usage.schema.export_columns import EXPORT_COLUMNS
from rows import job_run


def export_csv(**changes: str) -> bytes:
    """A small export, not compressed."""
    text = io.StringIO(newline="")
    fields = dict(zip(EXPORT_COLUMNS, job_run(), strict=True)) | changes
    csv.writer(text, lineterminator="\n").writerows([EXPORT_COLUMNS, fields.values()])
    return text.getvalue().encode()


def zip_of(name: str, content: bytes = b"") -> bytes:
    """A zip archive with one file."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(name, content)
    return stream.getvalue()


def tar_gz() -> bytes:
    """A compressed tar archive of an export."""
    stream, content = io.BytesIO(), export_csv()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        entry = tarfile.TarInfo("october.csv")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return stream.getvalue()


def parquet() -> bytes:
    """A Parquet file with the columns of an export."""
    stream = io.BytesIO()
    pl.DataFrame({name: [""] for name in EXPORT_COLUMNS}).write_parquet(stream)
    return stream.getvalue()


def separated_by(sign: str) -> bytes:
    """An export as a spreadsheet program of another language saves it."""
    return export_csv().replace(b",", sign.encode())


FOREIGN: Mapping[str, tuple[bytes, str]] = {
    "workbook.xlsx": (zip_of("[Content_Types].xml"), "it is an Excel workbook or another Office"),
    "renamed.csv": (zip_of("xl/workbook.xml"), "it is an Excel workbook or another Office file;"),
    "old.xls": (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504),
        "it is an Excel workbook (.xls);",
    ),
    "sheet.ods": (
        zip_of("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"),
        "it is an OpenDocument file;",
    ),
    "october.zip": (zip_of("october.csv", export_csv()), "it is a zip archive; unpack it and give"),
    "october.tar.gz": (tar_gz(), "it is a tar archive; unpack it and give the .csv or .csv.gz"),
    "twice.csv.gz": (gzip.compress(gzip.compress(export_csv())), "it is gzip data within gzip"),
    "sheet.csv.gz": (gzip.compress(zip_of("[Content_Types].xml")), "it is an Excel workbook or"),
    "october.csv.bz2": (
        bz2.compress(export_csv()),
        "it is bzip2 data; decompress it with `bunzip2`",
    ),
    "october.csv.xz": (lzma.compress(export_csv()), "it is xz data; decompress it with `unxz`"),
    "october.csv.zst": (b"\x28\xb5\x2f\xfd" + bytes(9), "it is Zstandard data; decompress it with"),
    "october.parquet": (
        parquet(),
        "it is a Parquet file; give the .csv.gz or .csv file as CircleCI",
    ),
    "summary.json": (
        b'{\n  "schema_version": 2\n}\n',
        "it is JSON; give the .csv.gz or .csv file as",
    ),
    "invoice.pdf": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "it is a PDF document; give the .csv.gz or"),
    "login.html": (
        b"<!DOCTYPE html>\n<html><title>Log in</title></html>",
        "it is a web page, perhaps of a login or a proxy; download the file again",
    ),
    "expired.csv.gz": (
        b'<?xml version="1.0"?>\n<Error><Code>AccessDenied</Code></Error>',
        "it is an XML document, perhaps the error message of an expired download link;",
    ),
    "german.csv": (
        separated_by(";"),
        "its fields are separated by semicolons instead of commas, as spreadsheet programs do",
    ),
    "tabs.csv": (separated_by("\t"), "its fields are separated by tabs instead of commas"),
    "sep.csv": (
        b"sep=;\r\n" + separated_by(";"),
        "its first line is for spreadsheet programs only",
    ),
    "unicode.csv": (
        export_csv().decode().encode("utf-16"),
        "it is UTF-16 text, as spreadsheet programs and PowerShell save it;",
    ),
    "powershell.csv": (export_csv().decode().encode("utf-16-le"), "it is UTF-16 text, as"),
    "pointer.csv.gz": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
        "it is a Git LFS pointer, not the file itself; fetch the file with `git lfs pull`",
    ),
    "plan.csv": (
        b"Date,Project,Resource class,Credits\n2026-10-01,web,medium,12\n",
        "and has DATE, PROJECT, RESOURCE CLASS, CREDITS; give an export of CircleCI's Usage API,",
    ),
    "few_columns.csv": (
        b"PROJECT_NAME,JOB_NAME,TOTAL_CREDITS\nweb,test,1\n",
        "it lacks the columns ORGANIZATION_NAME, WORKFLOW_NAME, JOB_RUN_DATE, COMPUTE_CREDITS;",
    ),
    "no_header.csv": (
        b"".join(export_csv().splitlines(keepends=True)[1:]),
        "its first line is a row, not the header; add the header line of the export, or download",
    ),
    "projects.csv": (
        b"project_id,project,credits,cost,share,job_runs\nw,web,1,1,1,1\n",
        "it is a table of a report; give the .csv.gz or .csv file as CircleCI exported it, or the",
    ),
    "focus.csv": (
        b"BilledCost,ChargePeriodStart,ServiceName\n1,2026-10-01,CircleCI\n",
        "it is a FOCUS file, such as a report has; give the .csv.gz or .csv file as CircleCI",
    ),
    "data.csv": (b"a\x00\x00b", "it is binary data; give the .csv.gz or .csv file as CircleCI"),
}
"""The name of a file → its content, and what its message says that it is."""
