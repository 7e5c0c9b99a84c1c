"""Changes the text of configuration files at exact places, and shows what has changed."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import unified_diff as diff_lines
from pathlib import Path
from typing import Final

from circleci_usage.analysis.savings.actions import Setting
from circleci_usage.circleci_config.jobs import CircleConfig, ConfigJob, Insertion
from circleci_usage.core.errors import SettingsError
from circleci_usage.core.untrusted_text import inert
from circleci_usage.costs.resource_rates import class_identity
from circleci_usage.optimize.plan import PLAIN, SETTINGS, Edit, full_name, value_of

Reader = Callable[[Mapping[Path, str]], CircleConfig]

_NO_NEWLINE: Final = "\n\\ No newline at end of file\n"


def edited_texts(config: CircleConfig, edits: Sequence[Edit], read: Reader) -> dict[Path, str]:
    """The files that edits change, with their new text.

    The result is read again: it has to have the new values, and nothing else may be different.

    Args:
        config: what the files have now.
        edits: in the order of their places.
        read: reads configuration files.

    Raises:
        SettingsError: the change would do something else than was meant.
    """
    texts = dict(config.texts)
    for edit in reversed(edits):
        text = texts[edit.place.file]
        texts[edit.place.file] = _edited(text, edit)
    _check(config, read(texts), edits)
    return {file: text for file, text in texts.items() if text != config.texts[file]}


def unified_diff(before: Mapping[Path, str], after: Mapping[Path, str]) -> str:
    """What has changed, as `git apply` and `patch -p1` understand it."""
    return "".join(line for file, text in after.items() for line in _diff(file, before[file], text))


def _diff(file: Path, before: str, after: str) -> Iterator[str]:
    name = inert(file.as_posix(), 4096)
    old, new = (_lines(text) for text in (before, after))
    for line in diff_lines(old, new, f"a/{name}", f"b/{name}"):
        yield line if line.endswith("\n") else f"{line}{_NO_NEWLINE}"


def _lines(text: str) -> list[str]:
    """Lines as git sees them: only a line feed ends one."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _edited(text: str, edit: Edit) -> str:
    if not PLAIN.fullmatch(edit.value):
        raise SettingsError(f"{inert(edit.value)} is not a value to write for {edit.setting}.")
    place = edit.place
    if isinstance(place, Insertion):
        line = f"{place.indent}{edit.setting}: {edit.value}{_line_end(text, place.start)}"
        return f"{text[: place.start]}{line}{text[place.start :]}"
    old = text[place.start : place.end]
    return f"{text[: place.start]}{_quoted_like(old, edit.value)}{text[place.end :]}"


def _line_end(text: str, start: int) -> str:
    """How the line before ends."""
    return "\r\n" if text[:start].endswith("\r\n") else "\n"


def _quoted_like(old: str, value: str) -> str:
    """A value in the quotes of another.

    >>> _quoted_like("'xlarge'", "xlarge.gen2"), _quoted_like("xlarge", "xlarge.gen2")
    ("'xlarge.gen2'", 'xlarge.gen2')
    """
    quote = old[:1] if old[:1] in {"'", '"'} else ""
    return f"{quote}{value}{quote}"


def _check(before: CircleConfig, after: CircleConfig, edits: Sequence[Edit]) -> None:
    """Compare the jobs of the changed files with what was meant.

    Raises:
        SettingsError: something differs.
    """
    wanted = {(name, edit.setting): edit.value for edit in edits for name in edit.jobs}
    expected = [_settings(job, wanted) for job in before.jobs]
    found = [_settings(job, {}) for job in after.jobs]
    lines = zip(expected, found, strict=False)
    different = next((new for old, new in lines if old != new), None)
    if different or len(expected) != len(found) or len(before.unread) != len(after.unread):
        name = inert(different[0]) if different else "a job"
        raise SettingsError(
            f"The change would do more than was meant to {name}, so that it is not made; change"
            " the configuration by hand, and please report this."
        )


def _settings(job: ConfigJob, wanted: Mapping[tuple[str, Setting], str]) -> tuple[str, ...]:
    """A job, in all that a change must not touch, with the values that are wanted."""
    name = full_name(job)
    values = (
        wanted.get((name, setting), str(value_of(job, setting).value)) for setting in SETTINGS
    )
    resource_class, *others = values
    _, spelled = class_identity("", resource_class)
    return (name, job.definition, str(job.executor), spelled, *others)
