"""The example notebook runs as it is, and shows what it shows when it runs."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import run_notebook
from paths import ROOT

_LARGEST = 100_000
"""Bytes: a clone should not carry pictures that nobody looks at."""


def results(notebook: Any) -> Iterator[tuple[str, str]]:
    """What the cells show as text: the code, and the result."""
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            shown = output.get("data", {"text/plain": output.get("text", "")})
            for kind in ("text/plain", "text/markdown", "text/html"):
                if kind in shown:
                    yield cell.source, shown[kind]


# The kernel's client leaves sockets and event loops to the garbage collector.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_notebook_runs_and_shows_what_is_kept_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its last cell compares the sums."""
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    kept = [*results(run_notebook.read())]

    again = [*results(run_notebook.run(run_notebook.read(), tmp_path))]

    assert again == kept
    assert len(kept) > len(("daily usage", "costs", "report", "changes", "sums"))


def test_the_notebook_is_small_and_names_no_machine() -> None:
    text = run_notebook.NOTEBOOK.read_text(encoding="utf-8")

    assert len(text) < _LARGEST
    assert not re.search(r"/tmp|/home|/root|\.venv|site-packages", text)
    assert str(ROOT) not in text
    assert '"image/png"' in text


def test_the_links_of_the_notebook_lead_to_files() -> None:
    texts = [cell.source for cell in run_notebook.read().cells if cell.cell_type == "markdown"]
    links = re.findall(r"\]\(([^)]+)\)", "\n".join(texts))

    assert links
    assert [link for link in links if not (run_notebook.NOTEBOOK.parent / link).is_file()] == []


def test_no_cell_of_the_notebook_warns() -> None:
    outputs = [each for cell in run_notebook.read().cells for each in cell.get("outputs", ())]

    assert {each.get("name") for each in outputs} <= {"stdout", None}
    assert "error" not in {each.output_type for each in outputs}
