"""docs/python-api.md describes what is public, and its code runs."""

import inspect
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FunctionType

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from api_export import SampleExport, sample_export
from circleci_usage import api
from circleci_usage.api import Usage, UsageReport, read_files
from paths import ROOT

PAGE = (ROOT / "docs" / "python-api.md").read_text(encoding="utf-8")
CLASSES = (Usage, UsageReport)


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> SampleExport:
    return sample_export(tmp_path_factory.mktemp("docs"))


def members(kind: type, of: type | tuple[type, ...]) -> dict[str, object]:
    return {
        name: member
        for name, member in vars(kind).items()
        if isinstance(member, of) and not name.startswith("_")
    }


def signatures() -> Iterator[str]:
    """Every public function and method with its arguments, as headings have them."""
    for name in api.__all__:
        member = getattr(api, name)
        if isinstance(member, FunctionType):
            yield f"{name}{arguments(member)}"
    for kind in CLASSES:
        for name, member in members(kind, FunctionType).items():
            assert isinstance(member, FunctionType)
            yield f"{kind.__name__}.{name}{arguments(member)}"


def arguments(function: Callable[..., object]) -> str:
    """The arguments without `self` and types."""
    signature = inspect.signature(function)
    shown = [
        each.replace(annotation=inspect.Parameter.empty)
        for name, each in signature.parameters.items()
        if name != "self"
    ]
    bare = signature.replace(parameters=shown, return_annotation=inspect.Signature.empty)
    return str(bare)


def test_every_heading_is_a_signature_and_no_other() -> None:
    assert {*re.findall(r"^### `(.+)`$", PAGE, re.MULTILINE)} == {*signatures()}


@pytest.mark.parametrize("name", api.__all__)
def test_every_public_name_is_described(name: str) -> None:
    assert re.search(rf"`{name}\b|^## {name}$", PAGE, re.MULTILINE)
    assert inspect.getdoc(getattr(api, name)) or name in {"PeriodChoice", "Price", "Settings"}


@pytest.mark.parametrize("kind", CLASSES)
def test_every_attribute_is_in_the_table_of_its_class(kind: type) -> None:
    section = PAGE.split(f"\n## {kind.__name__}\n")[1].split("\n### ")[0]
    rows = re.findall(r"^\| (`.+?) \|", section, re.MULTILINE)

    assert set(re.findall(r"`(\w+)`", " ".join(rows))) == members(kind, property).keys()


def described_columns(name: str) -> dict[str, str]:
    """Column → its type, from a table between marks."""
    table = PAGE.split(f"<!-- {name} -->")[1].split(f"<!-- end of {name} -->")[0]
    return dict(re.findall(r"^\| `(\w+)` \| (\w+) \|", table, re.MULTILINE))


def types_of(frame: pd.DataFrame) -> dict[str, str]:
    names = {"datetime64[us]": "datetime64", "object": "Decimal"}
    return {
        str(name): names.get(str(values.dtype), str(values.dtype)) for name, values in frame.items()
    }


def test_every_column_is_described(export: SampleExport) -> None:
    usage = read_files(export.folder)
    runs, branches = usage.daily(by=["date"]), usage.daily(by=["branch"])
    daily = types_of(usage.daily()) | types_of(runs) | types_of(branches)
    costs = types_of(usage.costs(export.settings, allow_unpriced=True))

    assert described_columns("daily") == daily
    assert described_columns("costs").items() <= costs.items()
    own = {name: kind for name, kind in costs.items() if not name.startswith("tag:")}
    assert own.items() <= (described_columns("daily") | described_columns("costs")).items()


def test_the_code_runs_from_top_to_bottom(
    export: SampleExport,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shutil.copytree(export.folder, tmp_path / "exports")
    (tmp_path / ".circleci").mkdir()
    shutil.copy(export.settings, tmp_path / ".circleci" / "usage.yml")
    monkeypatch.chdir(tmp_path)
    plt.switch_backend("agg")
    names: dict[str, object] = {}
    blocks = re.findall(r"```python\n(.+?)```", PAGE, re.DOTALL)
    of_another_month = ('"2026-10-01", "2026-10-31"', '"2026-03-01", "2026-03-31"')

    for block in blocks:
        exec(block.replace(*of_another_month), names)

    plt.close("all")
    assert len(blocks) == 4
    assert capsys.readouterr().out == "There is no file or folder nosuch; check the path.\n"
    assert (tmp_path / "usage-report" / "index.html").is_file()
