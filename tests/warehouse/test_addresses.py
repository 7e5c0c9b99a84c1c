"""Which warehouse a text means, and that no secret of it is shown."""

from pathlib import Path

import pytest

from circleci_usage.core.errors import SettingsError
from circleci_usage.warehouse.addresses import destination_at, secrets_in, shown_address
from circleci_usage.warehouse.duckdb import DuckDB

PASSWORD = "pa55-w0rd"
KNOWN = (
    "name a DuckDB file (usage.duckdb), a PostgreSQL URL (postgresql://HOST/DATABASE), or a folder"
    " or URL for Parquet files (s3://BUCKET/FOLDER, gs://BUCKET/FOLDER)."
)

LISTED = (
    "DESTINATION is a list of connection settings; write it as a URL:"
    " postgresql://USER@HOST/DATABASE."
)


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("usage.duckdb", "DuckDB"),
        ("some/where/Usage.DUCKDB", "DuckDB"),
        ("postgresql://me@db/usage", "PostgreSQL"),
        ("postgres://me@db/usage", "PostgreSQL"),
        ("POSTGRESQL://me@db/usage", "PostgreSQL"),
        ("warehouse", "ParquetFolder"),
        ("./a=b/c", "ParquetFolder"),
        ("s3://bucket/usage", "ParquetFolder"),
        ("gs://bucket/usage", "ParquetFolder"),
    ],
)
def test_an_address_means_one_kind_of_warehouse(address: str, kind: str) -> None:
    assert type(destination_at(address)).__name__ == kind


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("", f"DESTINATION is empty; {KNOWN}"),
        (
            "mysql://me:pa55-w0rd@db",
            f"DESTINATION begins with mysql:, which is not supported; {KNOWN}",
        ),
        (
            "https://me:pa55-w0rd@db",
            f"DESTINATION begins with https:, which is not supported; {KNOWN}",
        ),
        ("usage.db", f"DESTINATION usage.db is no warehouse; {KNOWN}"),
        ("out.parquet", f"DESTINATION out.parquet is no warehouse; {KNOWN}"),
        ("host=db user=me password=pa55-w0rd", LISTED),
    ],
)
def test_other_addresses_are_refused_without_their_secrets(address: str, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        destination_at(address)
    assert str(caught.value) == message


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("")
    with pytest.raises(SettingsError, match="is no warehouse"):
        destination_at(str(tmp_path / "notes"))
    assert isinstance(destination_at(str(tmp_path / "new.duckdb")), DuckDB)


@pytest.mark.parametrize(
    "address",
    [
        f"postgresql://me:{PASSWORD}@db/usage",
        f"postgresql://me:a%20b{PASSWORD}@db/usage?sslmode=require",
        f"postgresql://me:a@b/{PASSWORD}@db/usage",
        f"postgresql://me:a/{PASSWORD}@db/usage",
        f"postgresql://db/usage?user=me&password={PASSWORD}",
        f"postgresql://[db:{PASSWORD}@x/usage",
        f"s3://key:{PASSWORD}@bucket/usage",
    ],
)
def test_what_is_shown_has_no_secret(address: str) -> None:
    assert PASSWORD not in shown_address(address)
    assert any(PASSWORD in secret for secret in secrets_in(address))


def test_the_rest_is_shown() -> None:
    assert shown_address("postgresql://me:x@db:5432/usage") == "postgresql://db:5432/usage"
    assert shown_address("a folder\x1b") == "a folder\\x1b"
    assert secrets_in("usage.duckdb") == ()
