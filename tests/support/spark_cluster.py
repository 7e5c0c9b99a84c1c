"""A real Spark cluster on loopback: a standalone master and workers, each in its own process."""

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from threading import Thread
from typing import IO, Any, Self

import pyspark

LAUNCHER = Path(pyspark.__file__).parent / "bin" / "spark-class"
DEPLOY = "org.apache.spark.deploy"
PORTS = ("--host", "127.0.0.1", "--port", "0", "--webui-port", "0")
JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
"""Tests are over before better machine code pays."""

SETTINGS = """
spark.cores.max {cores}
spark.executor.cores 1
spark.executor.memory {memory}m
spark.driver.host 127.0.0.1
spark.driver.extraJavaOptions {java}
spark.executor.extraJavaOptions {java}
spark.ui.enabled false
spark.sql.shuffle.partitions 4
spark.eventLog.enabled true
spark.eventLog.dir {folder}
spark.eventLog.compress false
spark.eventLog.rolling.enabled false
"""


class Cluster:
    """Its master's address, the environment that a driver needs, and ways to break it."""

    def __init__(
        self, folder: Path, *, executors: int = 2, memory: int = 600, java: str = JAVA
    ) -> None:
        """A cluster whose files are in a folder; a worker per executor of one core and so many MB.

        A worker has room for the executor of another one that is lost.
        """
        self._folder = folder
        self._executors = executors
        self._stack = ExitStack()
        self._workers: list[subprocess.Popen[str]] = []
        self._numbers = count()
        self.master = ""
        settings = folder / "spark-defaults.conf"
        values = {"cores": executors, "memory": memory, "java": java}
        settings.write_text(SETTINGS.format(folder=folder.as_uri(), **values))
        self.environment = {
            "SPARK_CONF_DIR": str(folder),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_DAEMON_JAVA_OPTS": JAVA,
        }

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            _, self.master = self._start(
                stack, r"(spark://127\.0\.0\.1:\d+)", f"{DEPLOY}.master.Master", *PORTS
            )
            for _ in range(self._executors):
                self._start_worker(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def kill_a_worker(self) -> None:
        """Kill the oldest worker and the executors that it started."""
        os.killpg(self._workers.pop(0).pid, signal.SIGKILL)

    def replace_a_worker(self) -> None:
        """Start a worker in place of one that was killed."""
        self._start_worker(self._stack)

    def log_of(self, application: str) -> "EventLog":
        """The events of a driver that is running."""
        return EventLog(self._folder / f"{application}.inprogress")

    def _start_worker(self, stack: ExitStack) -> None:
        folder = self._folder / f"worker {next(self._numbers)}"
        size = ("--cores", "2", "--memory", "8g", "--work-dir", str(folder))
        command = (f"{DEPLOY}.worker.Worker", *PORTS, *size, self.master)
        worker, _ = self._start(stack, "(Successfully registered)", *command)
        self._workers.append(worker)

    def _start(
        self, stack: ExitStack, awaited: str, *command: str
    ) -> tuple[subprocess.Popen[str], str]:
        """Start a process and wait for an expected line of output."""
        process = stack.enter_context(
            _process([str(LAUNCHER), *command], os.environ | self.environment)
        )
        assert process.stderr
        for line in process.stderr:
            if found := re.search(awaited, line):
                drain = Thread(target=_read_all, args=(process.stderr,))
                drain.start()
                stack.callback(drain.join)
                stack.callback(_kill, process)
                return process, found[1]
        raise AssertionError(f"{command[0]} ended early")


class EventLog:
    """What a driver logs from now on."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._since = file.stat().st_size

    def has(self, text: str) -> bool:
        """Whether a text has been logged."""
        return text.encode() in self._read()

    def events(self) -> list[dict[str, Any]]:
        """What has been logged."""
        return [*map(json.loads, self._read().splitlines())]

    def _read(self) -> bytes:
        with self._file.open("rb") as stream:
            stream.seek(self._since)
            return stream.read().rpartition(b"\n")[0]


@contextmanager
def _process(command: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            _kill(process)


def _kill(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)


def _read_all(stream: IO[str]) -> None:
    for _ in stream:
        """Keep reading, or the process would block."""
