"""The code blocks of a Markdown page, as a reader pastes them."""

import re
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

_HEADING = re.compile(r"#{2,3} (.+)")
_FENCE = re.compile(r" *```(\w*)$")


@dataclass(frozen=True)
class Block:
    """A code block: the heading above it, its language and its text without indentation."""

    heading: str
    language: str
    text: str


def code_blocks(page: Path) -> list[Block]:
    """All code blocks of a page, in their order.

    Raises:
        ValueError: a block is not closed.
    """
    blocks: list[Block] = []
    heading, language = "", ""
    inside: list[str] | None = None
    for line in page.read_text(encoding="utf-8").splitlines():
        fence = _FENCE.fullmatch(line)
        if fence and inside is None:
            language, inside = fence[1], []
        elif fence and inside is not None:
            blocks.append(Block(heading, language, dedent("\n".join(inside)) + "\n"))
            inside = None
        elif inside is not None:
            inside.append(line)
        elif named := _HEADING.fullmatch(line):
            heading = named[1]
    if inside is not None:
        raise ValueError(f"a block under {heading!r} is not closed")
    return blocks


def commands(page: Path, heading: str) -> list[str]:
    """The blocks of commands under a heading, in their order."""
    return [
        block.text
        for block in code_blocks(page)
        if block.heading == heading and block.language == "sh"
    ]
