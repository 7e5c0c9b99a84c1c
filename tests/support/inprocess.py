"""Runs `circleci-usage` without a process of its own: a twentieth of the time."""

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, chdir, contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

from circleci_usage.cli import app as command_line
from circleci_usage.cli.json_output.document import JsonOutput
from commandline import SETTINGS, Finished

_MACHINE = ("PATH", "HOME", "LANG", "TMPDIR", "MPLCONFIGDIR")


def run_here(*arguments: object, cwd: Path, env: Mapping[str, str] | None = None) -> Finished:
    """Run a command in a folder, with only the given settings in the environment.

    A traceback in its output fails the test.

    Interrupts, streams and the process's tuning stay as they are; all else is as in `main`.
    """
    out, err = StringIO(), StringIO()
    with ExitStack() as stack:
        for context in (chdir(cwd), _only(env or {}), redirect_stdout(out), redirect_stderr(err)):
            stack.enter_context(context)
        code = _code_of(tuple(map(str, arguments)))
    assert "Traceback" not in err.getvalue(), err.getvalue()
    return Finished(code, out.getvalue(), err.getvalue())


def _code_of(arguments: tuple[str, ...]) -> int:
    output = JsonOutput(arguments)
    exit_code = _exit_code(arguments, output)
    output.print(exit_code)
    return exit_code


def _exit_code(arguments: tuple[str, ...], output: JsonOutput) -> int:
    try:
        command_line.app(list(arguments), prog_name="circleci-usage", obj=output)
    except SystemExit as ended:
        return int(ended.code or 0)
    except Exception as error:  # noqa: BLE001 - as `main` does
        return command_line._report_error(error, output)
    return 0


@contextmanager
def _only(env: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    machine = {name: before[name] for name in _MACHINE if name in before}
    os.environ.clear()
    os.environ.update(machine | SETTINGS | dict(env))
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
