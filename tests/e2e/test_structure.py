"""The structure of the source: layered packages, small files, short functions."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import chain, pairwise
from pathlib import Path
from statistics import median, quantiles
from typing import Final

from paths import ROOT

SOURCE: Final = ROOT / "scripts" / "circleci_usage"

ROOMS: Final = (
    "core",
    "network",
    "schema",
    "usage",
    "export",
    "insights",
    "costs",
    "analysis",
    "config",
    "circleci_config",
    "optimize",
    "estimate",
    "login",
    "explore",
    "report",
    "report_settings",
    "assemble",
    "assemble_teams",
    "report_folder",
    "cost_files",
    "push",
    "render",
    "notify",
    "pull_requests",
    "outputs",
    "pipeline",
    "stored_usage",
    "warehouse",
    "settings_proposal",
    "export_and_report",
    "checks",
    "demo",
    "api",
    "cli",
    "__main__",
)
"""Top-level packages and modules: each imports only the ones before it. As in ARCHITECTURE.md."""

SUBPACKAGES: Final = (
    ("render", "render/view", "render/text", "render/charts", "render/html", "render/page"),
    ("render/html", "render/email"),
    ("render/html", "render/explorer", "render/page"),
    ("push", "push/datadog"),
    ("push", "push/prometheus"),
    ("demo/company", "demo/standin"),
)
"""Packages inside a room, in the same order: `render` stands for the room's own modules."""

COMPREHENSIONS: Final = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)

Function = ast.FunctionDef | ast.AsyncFunctionDef

Arrows = Mapping[tuple[str, str], str]
"""Importing and imported package → one of the imports, as `module: imported module`."""


@cache
def trees() -> Mapping[Path, ast.Module]:
    """Every module of the source, by its path below the package."""
    files = sorted(SOURCE.rglob("*.py"))
    return {file.relative_to(SOURCE): ast.parse(file.read_text(encoding="utf-8")) for file in files}


def imports(tree: ast.Module) -> Iterator[str]:
    """The modules of ours that a module imports, also inside functions: `core/periods`."""
    for node in ast.walk(tree):
        names: Sequence[str] = ()
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            package, _, path = name.replace(".", "/").partition("/")
            if package == "circleci_usage" and path:
                yield path


def package_of(path: str) -> str | None:
    """The package of a module, or a top-level module itself; None for a name inside of a module."""
    if (SOURCE / path).is_dir():
        return path
    if (SOURCE / f"{path}.py").is_file():
        return path.rpartition("/")[0] or path
    return None


@cache
def arrows() -> Arrows:
    found: dict[tuple[str, str], str] = {}
    for file, tree in trees().items():
        package = package_of(str(file.with_suffix("")))
        for path in imports(tree):
            imported = package_of(path)
            if package and imported and package != imported:
                found.setdefault((package, imported), f"{file}: {path}")
    return found


def room(package: str) -> str:
    return package.partition("/")[0]


def upwards(order: Sequence[str], links: Arrows) -> list[str]:
    """The imports of something that comes later in an order."""
    places = {name: place for place, name in enumerate(order)}
    known = [(pair, example) for pair, example in links.items() if places.keys() >= {*pair}]
    return [example for (low, high), example in known if places[low] < places[high]]


def test_every_room_has_its_place() -> None:
    names = {room(package) for package in chain.from_iterable(arrows())}

    assert names == {*ROOMS}


def test_no_room_imports_a_higher_one() -> None:
    between = {
        (room(low), room(high)): example
        for (low, high), example in arrows().items()
        if room(low) != room(high)
    }

    assert upwards(ROOMS, between) == []


def test_no_package_imports_a_higher_one_of_its_room() -> None:
    for order in SUBPACKAGES:
        assert upwards(order, arrows()) == []


def test_there_are_no_circles() -> None:
    """Between packages; a package and those inside of it are one."""
    links: dict[str, set[str]] = {}
    for low, high in arrows():
        if not low.startswith(f"{high}/") and not high.startswith(f"{low}/"):
            links.setdefault(low, set()).add(high)

    assert [*circles(links)] == []


def circles(links: Mapping[str, set[str]]) -> Iterator[tuple[str, ...]]:
    """Ways through the packages that end where they begin.

    >>> [*circles({"a": {"b"}, "b": {"c"}, "c": {"a"}})]
    [('a', 'b', 'c', 'a')]
    """
    for start in sorted(links):
        ways: list[tuple[str, ...]] = [(start,)]
        seen: set[str] = set()
        while ways:
            way = ways.pop()
            for step in sorted(links.get(way[-1], set())):
                if step == start:
                    if start == min(way):
                        yield (*way, step)
                elif step not in seen:
                    seen.add(step)
                    ways.append((*way, step))


@cache
def functions() -> Mapping[str, Function]:
    """Every function by its place: `costs/pricing.py:87 price`."""
    found: dict[str, Function] = {}
    for file, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                found[f"{file}:{node.lineno} {node.name}"] = node
    return found


def length(function: Function) -> int:
    """Lines of a function without its docstring."""
    first = function.body[0]
    has_docstring = ast.get_docstring(function, clean=False) is not None
    documented = _lines(first) if has_docstring else 0
    return _lines(function) - documented


def _lines(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def p95(values: Sequence[int]) -> float:
    return quantiles(values, n=20, method="inclusive")[-1]


def test_files_are_small() -> None:
    sizes = {
        str(file): len((SOURCE / file).read_text(encoding="utf-8").splitlines()) for file in trees()
    }

    assert {file: size for file, size in sizes.items() if size > 350} == {}


def test_functions_are_short() -> None:
    lengths = {place: length(function) for place, function in functions().items()}

    assert median(lengths.values()) <= 8
    assert p95([*lengths.values()]) <= 25
    assert {place: lines for place, lines in lengths.items() if lines > 40} == {}


def test_functions_take_few_arguments() -> None:
    counts = []
    for function in functions().values():
        given = function.args
        counts.append(len(given.posonlyargs) + len(given.args) + len(given.kwonlyargs))

    assert p95(counts) <= 5


def test_comprehensions_are_not_nested() -> None:
    nested = [
        f"{file}:{outer.lineno}"
        for file, tree in trees().items()
        for outer in ast.walk(tree)
        if isinstance(outer, COMPREHENSIONS) and has_inner_comprehension(outer)
    ]

    assert nested == []


def has_inner_comprehension(outer: ast.expr) -> bool:
    inner = (node for node in ast.walk(outer) if node is not outer)
    return any(isinstance(node, COMPREHENSIONS) for node in inner)


def test_the_map_lists_the_rooms_in_this_order() -> None:
    text = (ROOT / "docs" / "ARCHITECTURE.md").read_text(encoding="utf-8")
    names = [f"{name}/" if (SOURCE / name).is_dir() else f"{name}.py" for name in ROOMS]
    places = [text.find(f"\n| `{name}` |") for name in names]

    assert -1 not in places
    assert all(first < second for first, second in pairwise(places))
