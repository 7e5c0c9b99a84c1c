"""Parquet files in S3 and Google Cloud Storage: real requests to servers on loopback."""

import traceback
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import obstore
import pytest
from obstore.store import S3Store

from circleci_usage.core.errors import (
    AccessError,
    ServiceError,
    SettingsError,
    UnfinishedError,
)
from circleci_usage.demo.standin.messages import Response
from circleci_usage.warehouse.parquet import ParquetFolder
from gcs_server import GcsServer
from parquet_warehouses import FIRST_HALF, FIRST_ROWS, TOTAL, downloaded, load_both_halves, sums
from s3_server import SECRET, S3Server
from staged_months import window_change


@pytest.fixture
def gcs(
    tmp_path: Path, only_loopback: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[GcsServer]:
    with GcsServer() as running:
        monkeypatch.setenv("GOOGLE_SERVICE_ACCOUNT", str(running.credentials(tmp_path)))
        yield running


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """A folder for staged rows."""
    folder = tmp_path / "rows"
    folder.mkdir()
    return folder


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "warehouse"


def test_s3_has_the_same_rows(s3: S3Server, tmp_path: Path, rows: Path) -> None:
    address = "s3://usage-history/team a/ü"
    load_both_halves(address, rows)
    load_both_halves(address, rows)

    folder = downloaded(address, tmp_path / "downloaded")

    assert sums(folder) == (TOTAL, TOTAL)
    with ParquetFolder(address) as warehouse:
        assert [load.name for load in warehouse.loads()] == ["first", "second"]


def test_the_whole_bucket_is_a_warehouse(s3: S3Server, rows: Path, tmp_path: Path) -> None:
    s3.create_bucket("whole")
    load_both_halves("s3://whole", rows)

    assert sums(downloaded("s3://whole", tmp_path / "d"))[0] == TOTAL


def test_a_load_in_s3_that_is_overtaken_changes_nothing(
    s3: S3Server, rows: Path, tmp_path: Path
) -> None:
    address = "s3://usage-history/two"
    change = window_change(rows, FIRST_HALF, FIRST_ROWS, name="first")
    with ParquetFolder(address) as slow:
        load_both_halves(address, rows)

        with pytest.raises(UnfinishedError) as caught:
            slow.apply(window_change(rows, FIRST_HALF, [(date(2026, 10, 2), "100")], name="first"))

    assert str(caught.value) == (
        f"Another load is writing to {address}; rerun the same command when it has finished."
    )
    assert sums(downloaded(address, tmp_path / "d"))[0] == TOTAL
    with ParquetFolder(address) as again:
        again.apply(change)


def test_objects_of_others_are_left_alone(s3: S3Server) -> None:
    store = S3Store("usage-history", prefix="photos")
    obstore.put(store, "holiday.jpg", b"x")

    with pytest.raises(SettingsError) as caught, ParquetFolder("s3://usage-history/photos"):
        pass

    assert str(caught.value) == (
        "s3://usage-history/photos has other files and no loads.json, so it is not a warehouse of"
        " circleci-usage; choose a new or an empty folder."
    )


def test_a_missing_bucket(s3: S3Server) -> None:
    with pytest.raises(SettingsError) as caught, ParquetFolder("s3://nobody-made-this/x"):
        pass

    assert str(caught.value) == (
        "The bucket of s3://nobody-made-this/x does not exist; create it, or check its name."
    )


def test_a_server_that_is_not_there(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")

    with pytest.raises(ServiceError) as caught, ParquetFolder("s3://usage-history/x"):
        pass

    assert str(caught.value) == (
        "s3://usage-history/x cannot be reached; check the network and the endpoint, such as"
        " AWS_ENDPOINT_URL, and try again later."
    )
    assert caught.value.exit_code == 4


def test_http_must_be_allowed(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ALLOW_HTTP")

    with pytest.raises(SettingsError) as caught, ParquetFolder("s3://usage-history/x"):
        pass

    assert str(caught.value) == (
        "AWS_ENDPOINT_URL is not an https:// address; for http://, set AWS_ALLOW_HTTP=true."
    )


@pytest.mark.parametrize(
    "address",
    [
        "s3://",
        "s3:///prefix",
        "s3:bucket/prefix",
        f"s3://key:{SECRET}@bucket/x",
        f"s3://bucket/x?secret={SECRET}",
        f"gs://bucket/x#{SECRET}",
        "s3://bucket/a/../b",
        "s3://bucket/a//b",
        "s3://bucket/a\x1bb",
    ],
)
def test_an_address_is_bucket_and_prefix(address: str) -> None:
    with pytest.raises(SettingsError) as caught:
        ParquetFolder(address)

    assert str(caught.value) == (
        "The address of the warehouse is not valid: write s3://bucket/prefix or"
        " gs://bucket/prefix, without credentials, '?', '#' and '..'; credentials are"
        " variables, such as AWS_ACCESS_KEY_ID or GOOGLE_APPLICATION_CREDENTIALS."
    )


def test_a_scheme_in_capitals(s3: S3Server) -> None:
    with (
        ParquetFolder(" S3://usage-history/capitals/ "),
        ParquetFolder("s3://usage-history/capitals"),
    ):
        pass


def test_credentials_that_s3_refuses(
    gcs: GcsServer, s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", gcs.url)
    body = f"<Error><Code>InvalidAccessKeyId</Code><Message>{SECRET}</Message></Error>"
    gcs.refusal = Response(403, {}, body.encode())

    with pytest.raises(AccessError) as caught, ParquetFolder("s3://usage-history/x"):
        pass

    assert str(caught.value) == (
        "The credentials are not allowed to read and write s3://usage-history/x (HTTP 403,"
        " InvalidAccessKeyId); allow them to list, get and put objects there."
    )
    assert caught.value.exit_code == 3
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_a_bucket_of_another_region(
    gcs: GcsServer, s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", gcs.url)
    gcs.refusal = Response(400, {}, b"<Error><Code>AuthorizationHeaderMalformed</Code></Error>")

    with pytest.raises(SettingsError) as caught, ParquetFolder("s3://usage-history/x"):
        pass

    assert str(caught.value) == (
        "The bucket of s3://usage-history/x is in another region; set AWS_REGION to its region."
    )


def test_no_credentials(gcs: GcsServer, s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are requested from the machine, which has no role."""
    gcs.refusal = Response(404)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", gcs.url)

    with pytest.raises(AccessError) as caught, ParquetFolder("s3://usage-history/x"):
        pass

    assert str(caught.value) == (
        "There are no valid credentials for s3://usage-history/x; set AWS_ACCESS_KEY_ID and"
        " AWS_SECRET_ACCESS_KEY, or GOOGLE_APPLICATION_CREDENTIALS, or run on a machine with a"
        " role."
    )


def test_google_has_the_same_rows(gcs: GcsServer, rows: Path, tmp_path: Path) -> None:
    load_both_halves("gs://usage-history/team a", rows)
    load_both_halves("gs://usage-history/team a", rows)

    for name, (_, content) in gcs.objects.items():
        file = tmp_path / "downloaded" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    assert sums(tmp_path / "downloaded" / "team a") == (TOTAL, TOTAL)


def test_a_load_in_google_that_is_overtaken_changes_nothing(gcs: GcsServer, rows: Path) -> None:
    with ParquetFolder("gs://usage-history/x") as slow:
        load_both_halves("gs://usage-history/x", rows)
        before = gcs.objects.copy()

        with pytest.raises(UnfinishedError, match="Another load is writing to gs://usage-history"):
            slow.apply(window_change(rows, FIRST_HALF, FIRST_ROWS, name="first"))

    assert gcs.objects == before


def test_a_missing_bucket_of_google(gcs: GcsServer) -> None:
    with pytest.raises(SettingsError, match=r"The bucket of gs://nobodys/x does not exist"):
        ParquetFolder("gs://nobodys/x").__enter__()


def test_a_missing_file_of_credentials(gcs: GcsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GOOGLE_SERVICE_ACCOUNT")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere/key.json")

    with pytest.raises(AccessError, match="There are no valid credentials for gs://usage-history"):
        ParquetFolder("gs://usage-history/x")
