"""A real Spark cluster on loopback: a standalone master and workers, each in its own process."""

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Thread
from typing import IO, Any, Self

import pyspark

LAUNCHER = Path(pyspark.__file__).parent / "bin" / "spark-class"
DEPLOY = "org.apache.spark.deploy"
SETTINGS = """
spark.cores.max 2
spark.executor.memory 600m
spark.driver.host 127.0.0.1
spark.ui.enabled false
spark.sql.shuffle.partitions 4
spark.eventLog.enabled true
spark.eventLog.dir {folder}
spark.eventLog.compress false
spark.eventLog.rolling.enabled false
"""


class Cluster:
    """Its master's address, the environment that a driver needs, and ways to break it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = ExitStack()
        self._workers: list[subprocess.Popen[str]] = []
        self.master = ""
        settings = folder / "spark-defaults.conf"
        settings.write_text(SETTINGS.format(folder=folder.as_uri()))
        self.environment = {"SPARK_CONF_DIR": str(folder), "SPARK_LOCAL_IP": "127.0.0.1"}

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            ports = ("--host", "127.0.0.1", "--port", "0", "--webui-port", "0")
            _, self.master = self._start(
                stack, r"(spark://127\.0\.0\.1:\d+)", f"{DEPLOY}.master.Master", *ports
            )
            for number in range(2):
                size = (
                    "--cores",
                    "2",
                    "--memory",
                    "2g",
                    "--work-dir",
                    str(self._folder / f"worker {number}"),
                )
                command = (f"{DEPLOY}.worker.Worker", *ports, *size, self.master)
                worker, _ = self._start(stack, "(Successfully registered)", *command)
                self._workers.append(worker)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def kill_a_worker(self) -> None:
        """Kill a worker and the executors that it started."""
        os.killpg(self._workers[0].pid, signal.SIGKILL)

    def events(self) -> Iterator[dict[str, Any]]:
        """The events that drivers have logged so far."""
        for log in sorted(self._folder.glob("app-*")):
            lines = log.read_text(encoding="utf-8").rpartition("\n")[0]
            yield from map(json.loads, lines.splitlines())

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
