"""A machine that has nothing of this project yet: a home, Python, git, make and a registry."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from paths import ROOT

_ADDRESS = "https://github.com/circleci-usage/usage-exporter"
_LEFT_BEHIND = shutil.ignore_patterns(
    ".git", ".venv*", ".*_cache", "__pycache__", "dist", ".hypothesis"
)
_PATIENCE = 20 * 60
"""Seconds that an installation may take on a slow network."""


class FreshMachine:
    """A folder in which lines of the documentation are pasted into bash.

    The repository's published address leads to this working tree.
    """

    def __init__(self, root: Path) -> None:
        self.home = root / "home"
        self.home.mkdir()
        self._binaries = root / "bin"
        self._binaries.mkdir()
        (self._binaries / "python3").symlink_to(Path(sys.executable).resolve())
        self._published = root / "published"

    def publish(self) -> None:
        """Put the working tree where the published address leads to."""
        shutil.copytree(ROOT, self._published, ignore=_LEFT_BEHIND)
        self.paste(
            "git init --quiet", "git add --all", "git commit --quiet -m All", cwd=self._published
        )

    def paste(self, *blocks: str, cwd: Path | None = None, **variables: str) -> str:
        """The output of lines that are pasted one after another; each has to succeed."""
        done = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", "\n".join(blocks)],
            cwd=cwd or self.home,
            env=self._variables() | variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-5000:]
        return done.stdout

    def _variables(self) -> dict[str, str]:
        """The way to the registry as here, and what was downloaded from it; nothing else.

        Packages are compiled when they are imported, and of most of them nothing is.
        """
        passed = ("PIP_", "SSL_", "HTTP", "http", "NO_PROXY", "no_proxy", "REQUESTS_CA_BUNDLE")
        git = {
            "GIT_CONFIG_COUNT": "3",
            "GIT_CONFIG_KEY_0": f"url.{self._published}.insteadOf",
            "GIT_CONFIG_VALUE_0": _ADDRESS,
            "GIT_CONFIG_KEY_1": "user.name",
            "GIT_CONFIG_VALUE_1": "Reader",
            "GIT_CONFIG_KEY_2": "user.email",
            "GIT_CONFIG_VALUE_2": "reader@example.com",
        }
        kept = {name: value for name, value in os.environ.items() if name.startswith(passed)}
        # A "no" turns an option on whose name begins with one.
        faster = {"PIP_NO_COMPILE": "no", "PIP_CACHE_DIR": str(Path.home() / ".cache" / "pip")}
        faster["npm_config_cache"] = str(Path.home() / ".npm")
        path = f"{self._binaries}:/usr/local/bin:/usr/bin:/bin"
        return faster | kept | git | {"HOME": str(self.home), "PATH": path, "LANG": "C.UTF-8"}


def need_registry(folder: Path) -> None:
    """Skip where no package registry answers."""
    small = ["annotated-types", "--no-deps", "--dest", str(folder)]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--retries", "1", *small]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip("no package registry answers, so nothing can be installed")
