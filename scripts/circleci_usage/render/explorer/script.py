"""The script of explore.html: the modules of `modules/`, put together without a bundler.

The modules share one scope, so a name at the top of one must not be at the top of another. Browsers
load no module from a file next to a page that a person opened from a disk, hence one script.
"""

import re
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from importlib.resources import files
from typing import Final

_START: Final = "app"
"""The module that starts the page; it imports the others."""

_IMPORT: Final = re.compile(r'^import \{([^}]*)\} from "\./([\w-]+)\.js";\n', re.MULTILINE)
_NOTHING: Final = re.compile(r"^export \{\};\n", re.MULTILINE)
_EXPORT: Final = re.compile(
    r"^export (?=(?:(?:async )?function\*?|const|let|class) ([\w$]+))", re.MULTILINE
)
_DECLARED: Final = re.compile(r"^(?:(?:async )?function\*?|const|let|class) ([\w$]+)", re.MULTILINE)
_OTHER: Final = re.compile(r"^(?:import|export)\b.*|^(?:const|let) [{\[].*|^var\b.*", re.MULTILINE)
_ENDS_SCRIPT: Final = re.compile(r"</script|<!--", re.IGNORECASE)


def explorer_script() -> str:
    """The whole script of the page.

    Raises:
        ValueError: the modules do not fit together.
    """
    folder = files("circleci_usage.render.explorer").joinpath("modules")
    found = [file for file in folder.iterdir() if file.name.endswith(".js")]
    modules = {file.name.removesuffix(".js"): file.read_text(encoding="utf-8") for file in found}
    return script_of(modules, _START)


def script_of(modules: Mapping[str, str], start: str) -> str:
    r"""One strict script of a module and those that it imports, each after what it imports.

        >>> print(script_of({"a": 'import { b } from "./b.js";\nb();\n',
        ...                  "b": "export function b() {}\n"}, "a"))
        (() => {
        "use strict";
        function b() {}
        b();
        })();
        <BLANKLINE>

    Args:
        modules: name → source.
        start: the module that imports the others.

    Raises:
        ValueError: what is imported is not exported, modules import each other in a circle, a
            name is at the top of two modules, or something else that is not understood.
    """
    order = _in_order(modules, start)
    _check_imports(modules, order)
    bodies = {name: _body(name, modules[name]) for name in order}
    _check_names(bodies)
    return '(() => {\n"use strict";\n' + "".join(bodies.values()) + "})();\n"


def _in_order(modules: Mapping[str, str], start: str) -> list[str]:
    imports: dict[str, list[str]] = {}
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name not in imports:
            imports[name] = [imported for imported, _ in _imported(_source(modules, name))]
            waiting += imports[name]
    try:
        return [*TopologicalSorter(imports).static_order()]
    except CycleError as error:
        raise ValueError(f"Modules import each other in a circle: {error.args[1]}") from error


def _source(modules: Mapping[str, str], name: str) -> str:
    if name not in modules:
        raise ValueError(f"There is no module {name}.js.")
    return modules[name]


def _imported(source: str) -> Iterator[tuple[str, list[str]]]:
    """Each module that one imports, with the names that it takes from it."""
    for found in _IMPORT.finditer(source):
        names = [name.strip() for name in found[1].split(",")]
        yield found[2], [name for name in names if name]


def _check_imports(modules: Mapping[str, str], order: list[str]) -> None:
    exported = {name: _exported(modules[name]) for name in order}
    for importer in order:
        for imported, names in _imported(modules[importer]):
            missing = {*names} - exported[imported]
            if missing:
                names_missing = ", ".join(sorted(missing))
                raise ValueError(f"{importer}.js: {imported}.js does not export {names_missing}.")


def _exported(source: str) -> set[str]:
    return {found[1] for found in _EXPORT.finditer(source)}


def _body(name: str, source: str) -> str:
    """A module without its imports, its exports as plain declarations."""
    body = _EXPORT.sub("", _NOTHING.sub("", _IMPORT.sub("", source)))
    left = _OTHER.search(body) or _ENDS_SCRIPT.search(body)
    if left:
        raise ValueError(f"{name}.js: this cannot be put into one script: {left[0]}")
    return body.strip("\n") + "\n"


def _check_names(bodies: Mapping[str, str]) -> None:
    homes: dict[str, str] = {}
    for module, body in bodies.items():
        for declared in _DECLARED.findall(body):
            other = homes.setdefault(declared, module)
            if other != module:
                raise ValueError(f"{declared} is at the top of both {other}.js and {module}.js.")
