"""The way in: `circleci-usage` and `python -m circleci_usage`."""

from typing import NoReturn

from circleci_usage.cli.interrupts import end_interrupted, handle_interrupts, was_interrupted
from circleci_usage.cli.streams import open_closed_streams


def main() -> NoReturn:
    """Run the command line, which may be interrupted from its first moment on."""
    open_closed_streams()  # Before the first socket, which would become standard output.
    handle_interrupts()
    try:
        from circleci_usage.cli import app  # noqa: PLC0415 - loading it takes time

        app.main()
    except BaseException:
        if was_interrupted():
            end_interrupted()
        raise


if __name__ == "__main__":
    main()
