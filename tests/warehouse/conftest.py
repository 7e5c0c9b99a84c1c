"""Servers that the tests of warehouses share."""

import os
from collections.abc import Iterator

import pytest

from s3_server import S3Server, s3_server


@pytest.fixture(scope="session")
def s3_on_loopback(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """An S3 server with the bucket `usage-history`."""
    with s3_server(tmp_path_factory.mktemp("s3")) as running:
        running.create_bucket("usage-history")
        yield running


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of whoever runs the tests counts, and no request leaves the machine."""
    for name in [*os.environ]:
        if name.startswith(("AWS_", "GOOGLE_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    # Where credentials would be looked for otherwise: the role of the machine.
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", "http://127.0.0.1:1")


@pytest.fixture
def s3(s3_on_loopback: S3Server, monkeypatch: pytest.MonkeyPatch) -> S3Server:
    for name, value in s3_on_loopback.variables.items():
        monkeypatch.setenv(name, value)
    return s3_on_loopback
