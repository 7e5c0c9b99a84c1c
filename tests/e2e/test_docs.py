"""The documentation names what exists: packages, paths, links."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from paths import ROOT

SOURCE = ROOT / "scripts" / "circleci_usage"
DOCS = ROOT / "docs"
ARCHITECTURE = (DOCS / "ARCHITECTURE.md").read_text(encoding="utf-8")
SECURITY = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.glob("*.md")])

# Made by what the page describes: a cache, a settings file, a report.
_OUTSIDE_THE_REPOSITORY = {"usage.yml", "index.html", "explore.html", "email.html", "summary.json"}
_SUFFIXES = (".py", ".md", ".toml", ".json", ".yml", ".html")


def rooms() -> list[str]:
    """Every package and top-level module, as ARCHITECTURE writes them: `costs/`, `report.py`."""
    packages = [f"{init.parent.relative_to(SOURCE)}/" for init in SOURCE.rglob("__init__.py")]
    modules = [module.name for module in SOURCE.glob("*.py") if module.name != "__init__.py"]
    return sorted(name for name in (*packages, *modules) if name != "./")


def named_paths() -> list[str]:
    """What stands in backticks in ARCHITECTURE and looks like a path."""
    quoted = set(re.findall(r"`([\w./-]+)`", ARCHITECTURE)) - _OUTSIDE_THE_REPOSITORY
    return sorted(name for name in quoted if "/" in name or name.endswith(_SUFFIXES))


def links(page: Path) -> Iterator[tuple[str, str]]:
    """The links of a page to files of the repository: path, and anchor or nothing."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" not in target:
            path, _, anchor = target.partition("#")
            yield path or page.name, anchor


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    words = [re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings]
    return {each.replace(" ", "-") for each in words}


@pytest.mark.parametrize("room", rooms())
def test_the_map_names_every_package(room: str) -> None:
    assert re.search(rf"^\| `{re.escape(room)}` \|", ARCHITECTURE, re.MULTILINE)


@pytest.mark.parametrize("path", named_paths())
def test_every_path_of_the_map_exists(path: str) -> None:
    assert (SOURCE / path).exists() or (ROOT / path).exists()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_and_headings(page: Path) -> None:
    for path, anchor in links(page):
        target = page.parent / path
        assert target.exists(), path
        assert not anchor or anchor in anchors(target), f"{path}#{anchor}"


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.name)
def test_every_page_is_linked(page: Path) -> None:
    others = [each for each in PAGES if each != page]
    linked = {(other.parent / path).resolve() for other in others for path, _ in links(other)}
    assert page in linked


def texts_in_the_code() -> str:
    """Every text of the code, a line each; one with values in it is several."""
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in SOURCE.rglob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    return "\n".join(node.value for node in nodes if isinstance(node.value, str))


def test_the_messages_of_a_login_are_those_of_the_code() -> None:
    page = (DOCS / "troubleshooting.md").read_text(encoding="utf-8")
    table = page.split("\n## Logging in\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (\*.+?) \|", table, re.MULTILINE)
    messages = re.findall(r"\*([^*]+)\*", "".join(rows))
    code = texts_in_the_code()

    assert len(messages) > 20
    pieces = [piece.strip() for message in messages for piece in message.split("…")]
    assert [piece for piece in pieces if piece not in code] == []


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`(test_[\w*]+\.py)`", SECURITY))))
def test_every_test_that_security_names_exists(name: str) -> None:
    assert [*(ROOT / "tests").rglob(name)]
