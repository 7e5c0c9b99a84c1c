"""Removes from the image's environment what no run uses; docs/image.md lists it, with sizes.

    python3 tools/trim_environment.py /opt/circleci-usage/lib/python3.13/site-packages

Of the Datadog client, only the modules stay that ours import, and those that they import. All
dependencies are compiled, and lose their sources: a run reads none of them.
"""

import ast
import compileall
import py_compile
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

OURS: Final = "circleci_usage"
DATADOG: Final = "datadog_api_client"

ANYWHERE: Final = ("tests", "sample_data", "*.pyi", "*.pyx", "*.pxd", "*.c", "*.h", "*.a")
"""Names of what no run reads, in whatever package it is."""

UNUSED: Final = (
    "*.dist-info/RECORD",  # what pip would uninstall by
    "numpy/f2py",
    "numpy/_core/_simd.*.so",  # for NumPy's tests
    "matplotlib/backends/_tkagg.*.so",
    "matplotlib/backends/web_backend",
    "matplotlib/mpl-data/fonts/afm",
    "matplotlib/mpl-data/fonts/pdfcorefonts",
    "matplotlib/mpl-data/images",  # of a window
    "PIL/_avif.*.so",
    "PIL/_webp.*.so",
    "PIL/_imagingcms.*.so",
    "PIL/_imagingtk.*.so",
    "pillow.libs/libavif-*",
    "pillow.libs/liblcms2-*",
    "pillow.libs/libwebpdemux-*",
    "pillow.libs/libwebpmux-*",
)
"""What only other programs use of the packages."""

KEPT: Final = {
    "fontTools": ("__init__.py", "agl.py", "misc/*.py"),  # what Matplotlib imports
    "matplotlib/mpl-data/fonts/ttf": ("DejaVuSans*", "LastResort*", "LICENSE*"),
    "pygments/lexers": ("__init__.py", "_mapping.py"),  # of languages that nobody is shown
}
"""Folders of which only these files are used."""


def main(packages: Path) -> None:
    """Trim the environment with these packages."""
    for unused in [*unused_files(packages)]:
        _remove(unused)
    used = used_modules(packages, DATADOG, packages.glob(f"{OURS}/**/*.py"))
    for module in {*packages.glob(f"{DATADOG}/**/*.py")} - used:
        module.unlink()
    for library in packages.rglob("*.so*"):
        subprocess.run(["strip", "--strip-unneeded", library], check=True)
    keep_bytecode_only(folder for folder in packages.iterdir() if folder.name != OURS)


def unused_files(packages: Path) -> Iterator[Path]:
    """Files and folders by their names."""
    for name in ANYWHERE:
        yield from packages.rglob(name)
    for pattern in UNUSED:
        yield from packages.glob(pattern)
    for folder, patterns in KEPT.items():
        yield from _others(packages / folder, patterns)


def _others(folder: Path, patterns: Iterable[str]) -> Iterator[Path]:
    kept = {file for pattern in patterns for file in folder.glob(pattern)}
    return (file for file in folder.rglob("*") if file.is_file() and file not in kept)


def _remove(unused: Path) -> None:
    if unused.is_dir():
        shutil.rmtree(unused)
    else:
        unused.unlink(missing_ok=True)  # it may have been in a folder that is gone


def used_modules(packages: Path, package: str, users: Iterable[Path]) -> set[Path]:
    """The modules of a package that these files import, and those that they import in turn."""
    used: set[Path] = set()
    waiting = [*users]
    while waiting:
        found = {*_imported(waiting.pop(), packages, package)} - used
        used |= found
        waiting += found
    return used


def _imported(source: Path, packages: Path, package: str) -> Iterator[Path]:
    """Modules of a package that a file imports anywhere in it, with the packages around them."""
    for node in ast.walk(ast.parse(source.read_bytes())):
        for name in _names(node):
            parts = name.split(".")
            if parts[0] == package:
                for count in range(1, len(parts) + 1):
                    yield from _module(packages.joinpath(*parts[:count]))


def _names(node: ast.AST) -> Iterator[str]:
    """What an import names: `from a.b import c` may mean `a.b` or `a.b.c`."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        yield node.module
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _module(place: Path) -> Iterator[Path]:
    for file in (place.with_suffix(".py"), place / "__init__.py"):
        if file.is_file():
            yield file


def keep_bytecode_only(folders: Iterable[Path]) -> None:
    """Compile all modules, put the bytecode where they were, and remove them."""
    for place in folders:
        sources = [*place.rglob("*.py")] if place.is_dir() else [place]
        for source in sources:
            if source.suffix == ".py" and compileall.compile_file(
                source,
                legacy=True,
                quiet=1,
                invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
            ):
                source.unlink()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
