"""What is published: pins, package, Dockerfile, first commands, and the version in all of them."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
from dataclasses import dataclass
from email import message_from_string
from email.message import Message
from functools import cached_property
from html.parser import HTMLParser
from importlib.metadata import version
from pathlib import Path
from zipfile import ZipFile

import pytest
from markdown_it import MarkdownIt

from circleci_usage import __version__
from paths import ROOT

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT, BUILD_SYSTEM = PYPROJECT["project"], PYPROJECT["build-system"]
RUN, BUILD, DEV = "requirements.txt", "requirements-build.txt", "requirements-dev.txt"
SPARK, AUDIT = "requirements-spark.txt", "requirements-audit.txt"


def pins(name: str) -> dict[str, set[str]]:
    """Package → its pinned versions; several where they depend on the Python version."""
    found: dict[str, set[str]] = {}
    for package, pinned in re.findall(
        r"^([a-z0-9-]+)==(\S+)", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE
    ):
        found.setdefault(package, set()).add(pinned)
    return found


def names(requirements: list[str]) -> set[str]:
    return {
        re.split(r"[\[<>=~! ]", requirement)[0].lower().replace("_", "-")
        for requirement in requirements
    }


@pytest.mark.parametrize("name", [RUN, BUILD, DEV, SPARK, AUDIT])
def test_every_pin_has_a_hash_and_nothing_names_an_index(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "://" not in text
    for block in re.split(r"^(?=[a-z])", text, flags=re.MULTILINE)[1:]:
        assert re.match(r"[a-z0-9-]+==\S+ .*\\\n +--hash=sha256:[0-9a-f]{64}", block), block[:80]
    assert not re.search(r"^\s*-(?!-hash)", text, re.MULTILINE)


def test_every_dependency_of_the_project_is_pinned() -> None:
    assert names(PROJECT["dependencies"]) <= pins(RUN).keys()
    assert names(PROJECT["optional-dependencies"]["dev"]) <= pins(DEV).keys()
    assert names(PROJECT["optional-dependencies"]["spark"]) <= pins(SPARK).keys()
    assert names(BUILD_SYSTEM["requires"]) <= pins(BUILD).keys()
    assert "pip-audit" in pins(AUDIT)
    for name in (RUN, BUILD):
        assert pins(name).items() <= pins(DEV).items()


def test_the_version_is_the_same_everywhere() -> None:
    assert version("circleci-usage") == __version__
    assert f"\nARG VERSION={__version__}\n" in (ROOT / "Dockerfile").read_text(encoding="utf-8")
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    changes = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d\d-\d\d$", changelog, re.MULTILINE)
    assert changes[0] == __version__


@dataclass(frozen=True)
class Built:
    """What a release is made of: a wheel and a source distribution."""

    wheel: Path
    sdist: Path

    @cached_property
    def metadata(self) -> Message:
        """What the wheel says of the package; its payload is the description."""
        with ZipFile(self.wheel) as packed:
            [name] = [each for each in packed.namelist() if each.endswith(".dist-info/METADATA")]
            return message_from_string(packed.read(name).decode("utf-8"))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    [wheel], [sdist] = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return Built(wheel, sdist)


def test_the_wheel_contains_the_package_and_its_man_page_only(built: Built) -> None:
    assert built.wheel.name == f"circleci_usage-{__version__}-py3-none-any.whl"
    everything = ZipFile(built.wheel).namelist()
    packed = {name for name in everything if ".dist-info/" not in name and ".data/" not in name}
    source = ROOT / "scripts" / "circleci_usage"
    files = {
        path for path in source.rglob("*") if path.is_file() and "__pycache__" not in path.parts
    }
    assert packed == {str(path.relative_to(source.parent)) for path in files}
    [man_page] = [name for name in everything if ".data/" in name]
    assert man_page.endswith(".data/data/share/man/man1/circleci-usage.1")


def test_the_source_distribution_can_be_built_and_has_no_tests(built: Built) -> None:
    with tarfile.open(built.sdist) as packed:
        paths = {Path(name).relative_to(Path(name).parts[0]) for name in packed.getnames()}
    tops = {path.parts[0] for path in paths}

    assert tops >= {"LICENSE", "README.md", "pyproject.toml", "scripts", "docs"}
    assert tops.isdisjoint({"tests", "benchmarks", "orb", "tools", ".git", ".venv"})
    assert built.sdist.stat().st_size < 2_000_000


def test_the_index_accepts_both(built: Built) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "twine", "check", "--strict", built.wheel, built.sdist],
        env=os.environ | {"NO_COLOR": "1", "COLUMNS": "500"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout.count("PASSED")) == (0, 2), done.stdout + done.stderr


class _Targets(HTMLParser):
    """Collects where links and pictures lead."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self.found += [value or "" for name, value in attrs if name in {"href", "src"}]


def targets(markdown: str) -> list[str]:
    parser = _Targets()
    parser.feed(MarkdownIt("commonmark").enable("table").render(markdown))
    return parser.found


def test_the_description_is_the_readme_with_absolute_links(built: Built) -> None:
    """The package's page has no files of the repository; they are those of the version."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    described = built.metadata.get_payload()
    assert isinstance(described, str)
    address = "https://github.com/circleci-usage/usage-exporter"
    found, relative = targets(described), targets(readme)

    assert built.metadata["Description-Content-Type"] == "text/markdown"
    assert [target for target in found if not target.startswith("https://")] == []
    assert len(found) == len(relative) > len(("docs", "picture"))
    for target, original in zip(found, relative, strict=True):
        if "://" in original:
            assert target == original
        elif original.endswith(".png"):
            raw = "https://raw.githubusercontent.com/circleci-usage/usage-exporter"
            assert target == f"{raw}/v{__version__}/{original}"
        else:
            file = f"README.md{original}" if original.startswith("#") else original
            assert target == f"{address}/blob/v{__version__}/{file}"


def test_the_metadata_names_the_repository_of_image_and_orb(built: Built) -> None:
    links = dict(each.split(", ") for each in built.metadata.get_all("Project-URL", []))
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    source = re.findall(r'image\.source="(.+?)"', dockerfile)

    assert links.keys() == {"Homepage", "Documentation", "Changelog", "Issues", "Source"}
    assert [links["Source"]] == source
    assert all(link.startswith(links["Source"]) for link in links.values())
    assert f"source_url: {links['Source']}\n" in (ROOT / "orb" / "@orb.yml").read_text(
        encoding="utf-8"
    )


def test_the_classifiers_name_the_pythons_that_are_tested(built: Built) -> None:
    pipeline = (ROOT / ".circleci" / "config.yml").read_text(encoding="utf-8")
    matrix = re.findall(r"^ +python: (\[.+\])$", pipeline, re.MULTILINE)
    named = re.findall(r"Python :: (3\.\d+)$", str(built.metadata), re.MULTILINE)

    assert [json.loads(each) for each in matrix] == [named]


def test_the_installed_wheel_runs(built: Built, tmp_path: Path) -> None:
    """In an environment of its own, which borrows only the dependencies of this one."""
    environment = tmp_path / "venv"
    python = environment / "bin" / "python"
    create = [sys.executable, "-m", "venv", "--without-pip", str(environment)]
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps"]
    for command in (create, [*pip, "--no-index", str(built.wheel)]):
        subprocess.run(command, check=True, capture_output=True)
    borrowed = os.environ | {"PYTHONPATH": sysconfig.get_path("purelib")}
    where = [str(python), "-c", "import circleci_usage.api as api; print(api.__file__)"]
    version_shown = [str(environment / "bin" / "circleci-usage"), "--version"]

    for command in (version_shown, where):
        done = subprocess.run(
            command, cwd=tmp_path, env=borrowed, capture_output=True, text=True, check=True
        )
        assert done.stdout.startswith((f"circleci-usage {__version__}\n", str(environment)))


def test_the_dockerfile_copies_only_what_dockerignore_allows() -> None:
    recipe = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    copies = re.findall(r"^COPY (?!--from)(?:--\S+ )*(.+) \S+$", recipe, re.MULTILINE)
    copied = {name for line in copies for name in line.split()}
    allowed = re.findall(
        r"^!(\S+)$", (ROOT / ".dockerignore").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert copied == set(allowed)
    assert all((ROOT / name).exists() for name in copied)


def test_a_python_that_is_too_old_is_named(tmp_path: Path) -> None:
    for name in ("Makefile", "pyproject.toml", DEV):
        shutil.copy(ROOT / name, tmp_path)
    old = tmp_path / "python-old"
    old.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    old.chmod(0o755)
    done = subprocess.run(
        ["make", "test", f"PYTHON={old}"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert f"No Python 3.11 or newer with its venv module among: {old}." in done.stderr


def test_every_make_target_is_described() -> None:
    shown = subprocess.run(
        ["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    targets = re.findall(r"^make (\w+) +\S", shown, re.MULTILINE)
    assert {"audit", "demo", "test", "lint", "bench", "focus", "image", "release"} <= set(targets)
