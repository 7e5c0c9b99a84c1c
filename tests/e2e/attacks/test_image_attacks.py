"""Attacks on the image: secrets left where it is built, and odd arguments of its entrypoint.

The image is built with docker or podman; its entrypoint is run by itself, too.
"""

import contextlib
import io
import json
import re
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from attack import API_KEY, TOKEN
from container_engine import answering_engine, build

ROOT = Path(__file__).parents[3]

# Names of files with secrets, command histories, or the state of a machine.
_TELLTALE = re.compile(
    r"(?:^|/)(?:\.env|\.git|\.netrc|\.npmrc|\.pypirc|\.pgpass|\.ssh|\.aws|\.docker|\.gnupg|\.circleci-usage|pip\.conf"
    r"|\.(?:bash|python|psql)_history|id_(?:rsa|ecdsa|ed25519)|usage-report)(?:/|$)"
)
_SECRETS = {
    "a private key": rb"-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/=\s]{64}",
    "a token of CircleCI": rb"CCIPAT_(?!demo_)\w{10}",
    "a token of GitHub": rb"\bgh[pousr]_[A-Za-z0-9]{36}\b",
    "a key of AWS": rb"\bAKIA[0-9A-Z]{16}\b",
    "a token of Slack": rb"\bxox[bp]-\d{6,}-",
}
_SELF_TESTED = re.compile(r"/libgnutls\.so")  # contains public keys for its self-test
_VARIABLES = {
    "GPG_KEY",  # of the release managers of Python, in its official images
    "LANG",
    "MPLCONFIGDIR",
    "OUTPUT_DIR",
    "PATH",
    "PYTHONDONTWRITEBYTECODE",
    "PYTHON_SHA256",
    "PYTHON_VERSION",
    "STORE_DIR",
    "container",  # podman's own
}

# Where a secret may be while the image is built.
SECRET_PATHS = (
    ".env",
    ".git/config",
    ".circleci-usage/ledger.json",
    "usage-report/summary.json",
    "scripts/.env",
    "scripts/token",
    "scripts/circleci_usage/.env",
    "scripts/circleci_usage/.circleci-usage/ledger.json",
    "scripts/circleci_usage/cli/.netrc",
    "requirements.txt.orig",
    "id_rsa",
)


class Saved(NamedTuple):
    """An image as it is pushed: its descriptions, and a reader of all files of all layers."""

    descriptions: list[Any]
    archive: Path

    def files(self) -> Iterator[tuple[str, bytes]]:
        for layer in layers(self.archive):
            for member in layer:
                content = layer.extractfile(member) if member.isfile() else None
                yield member.name, content.read() if content else b""


def layers(archive: Path) -> Iterator[tarfile.TarFile]:
    """The layers of a saved image, compressed ones too; each is closed before the next."""
    with tarfile.open(archive) as outer:
        for member in outer:
            content = outer.extractfile(member) if member.isfile() else None
            if content is None or member.size < 512:
                continue
            with contextlib.suppress(tarfile.ReadError), tarfile.open(fileobj=content) as layer:
                yield layer


def descriptions(archive: Path) -> Iterator[Any]:
    with tarfile.open(archive) as outer:
        for member in outer:
            content = (
                outer.extractfile(member) if member.isfile() and member.size < 1_000_000 else None
            )
            text = content.read() if content else b""
            if text.startswith((b"{", b"[")):
                yield json.load(io.BytesIO(text))


@pytest.fixture
def saved(tmp_path: Path) -> Iterator[Saved]:
    """The image, built with secrets in its folder and in the environment."""
    engine = answering_engine()
    context, archive = tmp_path / "context", tmp_path / "image.tar"
    name = "localhost/circleci-usage:attacked"
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True
    ).stdout
    for path in filter(None, tracked.decode().split("\0")):
        (context / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, context / path, follow_symlinks=False)
    for path in SECRET_PATHS:
        (context / path).parent.mkdir(parents=True, exist_ok=True)
        (context / path).write_text(f"token={TOKEN}\n", encoding="utf-8")

    secrets = {
        "CIRCLECI_API_TOKEN": TOKEN,
        "DATADOG_API_KEY": API_KEY,
        "DOCKERHUB_TOKEN": TOKEN,
        "GITHUB_TOKEN": TOKEN,
    }
    build(engine, name, context, **secrets)
    subprocess.run(
        [engine, "save", "--output", str(archive), name], capture_output=True, check=True
    )
    yield Saved(list(descriptions(archive)), archive)
    archive.unlink()
    subprocess.run([engine, "image", "rm", "--force", name], capture_output=True, check=False)


def test_the_image_contains_nothing_of_where_it_was_built(
    saved: Saved, tried: Callable[[int], None]
) -> None:
    tried(len(SECRET_PATHS))
    assert telltales(saved) == []
    assert_reveals_nothing(saved.descriptions)


def telltales(saved: Saved) -> list[str]:
    """The files of all layers that contain a secret, or whose names suggest it."""
    found = []
    seen = 0
    for name, content in saved.files():
        seen += 1
        if _TELLTALE.search(name):
            found.append(f"{name} by its name")
        if TOKEN.encode() in content or API_KEY.encode() in content:
            found.append(f"{name} contains a planted secret")
        if not _SELF_TESTED.search(name):
            found += [
                f"{name} has {what}"
                for what, pattern in _SECRETS.items()
                if re.search(pattern, content)
            ]
    assert seen > 5000
    return found


def assert_reveals_nothing(described: list[Any]) -> None:
    """The history of the image and its settings contain no secret."""
    text = json.dumps(described)
    assert '"history"' in text
    assert TOKEN not in text
    assert API_KEY not in text
    assert not re.search(r"://[^/\s\"]+:[^/@\s\"]+@", text)
    assert not re.search(r"(?i)\b\w*(?:token|password|secret|credential|api_key)\w*=", text)
    configured = [
        each["config"] for each in described if isinstance(each, dict) and "rootfs" in each
    ]
    variables = {each.partition("=")[0] for settings in configured for each in settings["Env"]}
    assert configured
    assert variables <= _VARIABLES


STARTED: dict[str, tuple[tuple[str, ...], str]] = {
    "nothing": ((), "circleci-usage run"),
    "a command": (("report", "--help"), "circleci-usage report --help"),
    "an empty word": (("",), "circleci-usage "),
    "a flag": (("--version",), "circleci-usage --version"),
    "a flag of the shell's": (("-P",), "circleci-usage -P"),
    "two dashes": (("--", "run"), "circleci-usage -- run"),
    "a pattern": (("*",), "circleci-usage *"),
    "a command of the shell's": (("$(id)",), "circleci-usage $(id)"),
    "a builtin": (("eval", "id"), "circleci-usage eval id"),
    "a command that is a program too": (("login", "-h"), "circleci-usage login -h"),
    "a program": (("echo", "-n", "a  b"), "a  b"),
    "a path": (("/bin/echo", "x"), "x"),
    "a folder": (("/tmp",), "circleci-usage /tmp"),
}


@pytest.mark.parametrize("name", STARTED)
def test_the_entrypoint_runs_what_it_is_given(name: str, tmp_path: Path) -> None:
    arguments, expected = STARTED[name]
    tool = tmp_path / "circleci-usage"
    tool.write_text('#!/bin/sh\necho circleci-usage "$@"\n', encoding="utf-8")
    tool.chmod(0o755)
    done = subprocess.run(
        [ROOT / "docker-entrypoint.sh", *arguments],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.removesuffix("\n"), done.stderr) == (0, expected, "")
