"""Turns the paths of a command line into parts, read here or by a cluster."""
# ruff: noqa: PLC0415 - `--help` must not wait for the libraries that read

import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Final

import typer

from circleci_usage.cli.flag_groups import EngineFlags, ReportFolderFlags
from circleci_usage.cli.flags import Engine
from circleci_usage.cli.value_sources import COMMAND_LINE, is_from
from circleci_usage.core.errors import SettingsError

_OF_SPARK: Final = re.compile(r"extra == ['\"]spark['\"]")

if TYPE_CHECKING:
    from circleci_usage.core.periods import Period
    from circleci_usage.core.progress import Progress
    from circleci_usage.usage.engine import Source
    from circleci_usage.usage.input_files import FoundParts


def report_to_read(context: typer.Context, flags: ReportFolderFlags) -> Path:
    """The report folder that a command reads: `--report`, which was called `--output` before.

    Raises:
        SettingsError: both are given and differ.
    """
    if flags.output is None:
        return flags.report
    if is_from(context, "report", COMMAND_LINE) and flags.report != flags.output:
        raise SettingsError(
            f"--report {flags.report} and --output {flags.output} name different folders; --output"
            " is the former name of --report: omit it."
        )
    return flags.output


def found_parts(
    paths: Sequence[str] | None,
    store: Path,
    period: "Period | None" = None,
    *,
    reads_facts: bool = True,
) -> "FoundParts":
    """The parts at the paths; without paths, those of the store.

    Args:
        paths: what is read.
        store: what is read without them.
        period: the days of the store that are wanted.
        reads_facts: whether facts of pruned days are read.

    Raises:
        SettingsError: there are no parts.
        DataError: a file is not a usage export.
    """
    if paths:
        if "" in paths:
            raise SettingsError(
                "A path is empty; give export files or a folder (. for the current one). Is a"
                " variable in it unset?"
            )
        from circleci_usage.usage.input_files import find_parts, is_store

        urls = [path for path in paths if _is_url(path)]
        if urls:
            raise SettingsError(
                f"{urls[0]} is not a local path; copy the files here, or read them with a cluster:"
                " `report --engine spark`."
            )
        if len(paths) > 1 or not is_store(Path(paths[0])):
            return find_parts(map(Path, paths))
        # The ledger tells more than the files: which days are complete, and what each file is.
        store, period = Path(paths[0]), None
    from circleci_usage.stored_usage import stored_parts

    return stored_parts(store, period, reads_facts=reads_facts)


@contextmanager
def source_of(
    paths: Sequence[str] | None,
    store: Path,
    period: "Period | None",
    engine: EngineFlags,
    *,
    verbose: bool,
    progress: "Progress",
) -> "Iterator[Source]":
    """As `found_parts`, with the engine that reads them; a cluster also reads URLs.

    Raises:
        SettingsError: there are no parts, or Spark is not installed.
        DataError: a file is not a usage export.
        ServiceError: the cluster does not respond.
    """
    if engine.engine is Engine.SPARK:
        master = engine.spark_master
        cluster = _cluster_source(paths, store, period, master, progress, verbose=verbose)
        with cluster as source:
            yield source
    else:
        from circleci_usage.usage.polars.engine import on_this_machine

        yield on_this_machine(found_parts(paths, store, period))


@contextmanager
def _cluster_source(
    paths: Sequence[str] | None,
    store: Path,
    period: "Period | None",
    master: str | None,
    progress: "Progress",
    *,
    verbose: bool,
) -> "Iterator[Source]":
    try:
        from circleci_usage.usage.spark import cluster, engine
    except ModuleNotFoundError:
        raise SettingsError(
            f"--engine spark needs PySpark; {_install_spark()}, or omit --engine."
        ) from None
    from circleci_usage.usage.input_files import FoundParts

    urls = [path for path in paths or () if _is_url(path)]
    local = [path for path in paths or () if not _is_url(path)]
    found = FoundParts((), ())
    if local or not urls:
        found = found_parts(local, store, period, reads_facts=not urls)
    if not (found.parts or urls):
        # Days that are known to be without usage: no cluster is needed.
        from circleci_usage.usage.polars.engine import on_this_machine

        yield on_this_machine(found)
        return
    with ExitStack() as session:
        with progress.task("Connecting to Spark"):
            spark = session.enter_context(cluster.spark_session(master, verbose=verbose))
            source = engine.on_cluster(spark, found, urls)
        yield source


def _install_spark() -> str:
    """How to install what our own extra asks for, true however this program was installed."""
    from importlib.metadata import requires

    asked = requires("circleci-usage") or ()
    packages = [line.partition(";")[0].strip() for line in asked if _OF_SPARK.search(line)]
    quoted = " ".join(f"'{package}'" for package in packages)
    if find_spec("pip"):
        return f"install it with `{quote(sys.executable)} -m pip install {quoted}`"
    return f"install {quoted} into the environment of {sys.executable}, which has no pip"


def _is_url(path: str) -> bool:
    return "://" in path
