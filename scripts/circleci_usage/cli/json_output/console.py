"""The terminal of a command with `--json`, whose document has results and warnings."""

from circleci_usage.cli.console import Console
from circleci_usage.cli.json_output.document import JsonOutput


class JsonConsole(Console):
    """As `Console`, with standard output kept for the document, which has the results."""

    def __init__(self, output: JsonOutput, *, quiet: bool, verbose: bool) -> None:
        super().__init__(quiet=quiet, verbose=verbose)
        self._output = output
        self._out.quiet = True

    def warn(self, message: str) -> None:
        """Print a warning, and add it to the document."""
        super().warn(message)
        self._output.warn(message)
