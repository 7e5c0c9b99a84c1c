"""The way to a cluster: a session, and what its errors mean to a person."""

import logging
import re
import socket
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from circleci_usage.core.errors import DataError, ServiceError, SettingsError, UsageExporterError
from circleci_usage.usage.spark.amounts import DAMAGE

_SPARK_ERRORS: Final = (PySparkException, Py4JError)

_SETTINGS: Final = {
    "spark.app.name": "circleci-usage",
    # The export's times are UTC; a text that is not a number must end the reading, not become null.
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.ui.showConsoleProgress": "false",
}
_REACHED_WITHIN: Final = 5
_STANDALONE: Final = "spark://"
_ADDRESS: Final = re.compile(r"([^,/:]+|\[[^]]+\]):(\d+)")
_NO_PATH: Final = re.compile(
    r"PATH_NOT_FOUND|No FileSystem for scheme|ClassNotFoundException.*FileSystem|UnknownHost"
)
_BY_PY4J: Final = re.compile(r"An error occurred while calling \S+\s*:\s*")
_SHOWN: Final = 240


@contextmanager
def spark_session(master: str | None, *, verbose: bool = False) -> Iterator[SparkSession]:
    """A session on a cluster, ended with its context.

    Args:
        master: a cluster's address as Spark writes it, such as `spark://host:7077` or `local[4]`;
            None leaves it to Spark's own configuration.
        verbose: whether Spark logs what it does.

    Raises:
        ServiceError: the cluster does not answer.
        SettingsError: there is no Java, or Spark does not know such a master.
    """
    check_reachable(master or "")
    builder = SparkSession.builder
    for key, value in _SETTINGS.items():
        builder = builder.config(key, value)
    builder = builder.config("spark.log.level", "WARN" if verbose else "OFF")
    if not verbose:
        # PySpark's own: it would quote what is wrong in a row.
        logging.getLogger("DataFrameQueryContextLogger").setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            # It says that pandas 3 is too new for it; no pandas goes to Spark or comes from it.
            warnings.simplefilter("ignore", FutureWarning)
            session = (builder.master(master) if master else builder).getOrCreate()
    except _SPARK_ERRORS as error:
        raise _no_session(error, master) from None
    try:
        yield session
    finally:
        # What has died needs no stopping.
        with suppress(*_SPARK_ERRORS, OSError):
            session.stop()


@contextmanager
def explaining_spark() -> Iterator[None]:
    """Say in a line what went wrong on the cluster.

    Raises:
        DataError: a part is damaged.
        SettingsError: Spark cannot read such a path.
        ServiceError: the cluster failed.
    """
    try:
        yield
    except _SPARK_ERRORS as error:
        raise _meaning(error) from None


def check_reachable(master: str) -> None:
    """Spark itself would try for a minute."""
    if not master.startswith(_STANDALONE):
        return
    refusal = "the address must have a host and a port"
    for host, port in _ADDRESS.findall(master.removeprefix(_STANDALONE)):
        try:
            socket.create_connection((host.strip("[]"), int(port)), _REACHED_WITHIN).close()
        except OSError as error:
            refusal = error.strerror or str(error)
        else:
            return
    raise ServiceError(
        f"There is no Spark master at {master} ({refusal}); check the address, and that it is up."
    )


def _no_session(error: Exception, master: str | None) -> UsageExporterError:
    text = str(error)
    if "JAVA_GATEWAY_EXITED" in text:
        return SettingsError(
            "Spark needs Java 17 or newer on this machine too; install it, or set JAVA_HOME."
        )
    return SettingsError(
        f"There is no Spark session with --spark-master {master}: {_first_line(text)}"
    )


def _meaning(error: Exception) -> UsageExporterError:
    text = str(error)
    no_number = re.search(f"{DAMAGE}(.+?)(?: SQLSTATE|$)", text, re.MULTILINE)
    if no_number:
        return DataError(
            f"{no_number[1]}', not a number; `report` without --engine spark names the line."
        )
    file = re.search(r"while reading file (\S+?)\.? ", text)
    if file:
        return DataError(
            f"{file[1]} is damaged: a row is too short or too long, or the file is incomplete;"
            " download it again."
        )
    if _NO_PATH.search(text):
        return SettingsError(
            f"Spark cannot read these paths: {_first_line(text)} Check them, and that Spark has"
            " what such URLs need (for s3a://, the package hadoop-aws)."
        )
    return ServiceError(f"The Spark cluster failed: {_first_line(text)}")


def _first_line(text: str) -> str:
    line = _BY_PY4J.sub("", text.strip()).partition("\n")[0].rstrip(".")
    return (line[:_SHOWN] + "…" if len(line) > _SHOWN else line) + "."
