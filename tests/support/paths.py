"""Folders of the repository, and the data next to it that only developers have."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
TESTS: Final = ROOT / "tests"
SUPPORT: Final = TESTS / "support"
TOOLS: Final = ROOT / "tools"
SHARED: Final = ROOT.parent / "shared"
