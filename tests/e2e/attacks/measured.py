"""Runs a command and writes its peak memory in MiB to a file: `measured.py FILE COMMAND ...`."""

import resource
import subprocess
import sys
from pathlib import Path


def main(file: str, *command: str) -> int:
    """Run it and return its exit code."""
    done = subprocess.run(command, check=False)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    Path(file).write_text(str(peak >> (20 if sys.platform == "darwin" else 10)))
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
