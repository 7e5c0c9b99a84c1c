"""The modules of explore.html as one script."""

import subprocess
from pathlib import Path

import pytest

from circleci_usage.render.explorer.script import explorer_script, script_of
from javascript import MODULES, node

HELLO = {
    "app": 'import { greeting } from "./words.js";\n\nprocess.stdout.write(greeting("Ada"));\n',
    "words": (
        'import {\n  hello,\n} from "./hello.js";\n\n'
        "export const greeting = (name) => `${hello}, ${name}`;\n"
    ),
    "hello": '// Nothing else.\nexport const hello = "Hello";\n',
    "types": "/** Only shapes. */\nexport {};\n",
}


def test_modules_run_as_one_script(tmp_path: Path) -> None:
    file = tmp_path / "script.cjs"
    file.write_text(script_of(HELLO, "app"), encoding="utf-8")

    done = subprocess.run([node(), file], check=True, capture_output=True, text=True)

    assert done.stdout == "Hello, Ada"


def test_each_module_follows_what_it_imports() -> None:
    script = script_of(HELLO, "app")

    assert script.startswith('(() => {\n"use strict";\n// Nothing else.\nconst hello = ')
    assert script.endswith('process.stdout.write(greeting("Ada"));\n})();\n')
    assert "import" not in script
    assert "export" not in script
    assert "Only shapes" not in script


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"hello": ""}, "words.js: hello.js does not export hello."),
        ({"words": 'import { x } from "./none.js";\n'}, "There is no module none.js."),
        ({"hello": 'import { greeting } from "./words.js";\n'}, "in a circle: .*hello"),
        (
            {"hello": "export const hello = 1;\nfunction greeting() {}\n"},
            "greeting is at the top of both hello.js and words.js.",
        ),
        ({"hello": 'export const hello = 1;\nimport "./x.js";\n'}, 'cannot .*: import "./x.js";'),
        ({"hello": "export const hello = 1;\nexport default hello;\n"}, "export default hello;"),
        ({"hello": "export const hello = 1;\nconst { a } = hello;\n"}, "const { a } = hello;"),
        ({"hello": 'export const hello = "</SCRIPT>";\n'}, "cannot be put into one script: </S"),
    ],
)
def test_what_does_not_fit_together_is_refused(changed: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        script_of(HELLO | changed, "app")


@pytest.mark.skipif(not (MODULES / "app.js").exists(), reason="There is no app.js yet.")
def test_the_modules_of_the_explorer_fit_together(tmp_path: Path) -> None:
    file = tmp_path / "script.cjs"
    file.write_text(explorer_script(), encoding="utf-8")

    subprocess.run([node(), "--check", file], check=True)


def test_any_two_modules_of_the_explorer_fit_together() -> None:
    modules = {file.stem: file.read_text(encoding="utf-8") for file in MODULES.glob("*.js")}
    start = "".join(f'import {{ }} from "./{name}.js";\n' for name in sorted(modules))

    assert script_of(modules | {"everything": start}, "everything")
