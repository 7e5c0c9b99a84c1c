"""`make notebook`: run the example notebook and keep its results in it, without machine paths.

Its data are those of the demo, which are always the same; so are its results.
"""

import os
import tempfile
from pathlib import Path
from typing import Any, Final

import nbformat
from nbclient import NotebookClient

NOTEBOOK: Final = Path(__file__).parents[1] / "docs" / "notebooks" / "usage.ipynb"

_SECONDS: Final = 300
"""That a cell may take on a busy machine."""


def read(file: Path = NOTEBOOK) -> Any:
    """The notebook with the results that it has."""
    return nbformat.read(file, as_version=4)


def run(notebook: Any, folder: Path) -> Any:
    """Run all cells in a folder; the kernel keeps its own files there too.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell failed.
    """
    client = NotebookClient(
        notebook,
        timeout=_SECONDS,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(folder)}},
    )
    return client.execute(env=os.environ | {"IPYTHONDIR": str(folder / "kernel")})


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        finished = run(read(), Path(folder))
    nbformat.write(finished, NOTEBOOK)
    print(f"Ran {NOTEBOOK.name}.")


if __name__ == "__main__":
    main()
