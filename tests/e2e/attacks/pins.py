"""Finds what would run unpinned near a credential: in jobs with a context and their sources."""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import yaml

from circleci_config import Job, Node, jobs

ROOT = Path(__file__).parents[3]
PIPELINE = (".circleci/config.yml", ".circleci/test-deploy.yml")

Files = Mapping[str, str]
"""Path in the repository → text."""

_ORB = re.compile(r"[\w-]+/[\w-]+@\d+\.\d+\.\d+")
_DIGEST = re.compile(r"\S+@sha256:[0-9a-f]{64}")
_MACHINE = re.compile(r"[\w-]+:\d{4}\.\d{2}\.\d+")
_ASSIGNMENT = re.compile(r"^(\w+)=([^\s$(]+)$", re.MULTILINE)
_BY_DIGEST = (
    ("buildx build", "PYTHON_IMAGE", "base"),
    ("buildx create", "image", "builder"),
    ("--sbom|type=sbom", "generator", "generator"),
)
"""Commands, the option of each that names an image, and the role of the image."""
_INSTALLERS = re.compile(
    r"\b(?:apt|apt-get|apk|npm|npx|pipx|uvx|gem|cargo|go|brew)\s+(?:install|add|-y)\b|\bnpx\b"
)


def files() -> dict[str, str]:
    """The files of the repository that decide what runs near a credential."""
    names = (*PIPELINE, "Dockerfile", "Makefile", "orb/scripts/install.sh")
    scripts = (str(path.relative_to(ROOT)) for path in (ROOT / ".circleci").glob("publish-*"))
    return {name: (ROOT / name).read_text(encoding="utf-8") for name in (*names, *scripts)}


def unpinned(given: Files, orbs: Mapping[str, Node]) -> list[str]:
    """Everything that is not pinned, one line each: the file and the offending text."""
    found: list[str] = []
    for name in PIPELINE:
        config = yaml.safe_load(given[name])
        found += (
            f"{name}: orb {orb}"
            for orb in config.get("orbs", {}).values()
            if not _ORB.fullmatch(orb)
        )
        for job in jobs(config, orbs, {"pipeline.number": 1}, {}):
            if job.contexts:
                found += (f"{name}: {job.name}: {wrong}" for wrong in _job(job, given))
    for name, look in _LOOKS.items():
        found += (f"{name}: {wrong}" for wrong in look(_unfolded(given[name])))
    return found


def _job(job: Job, given: Files) -> Iterator[str]:
    for container in job.executor.get("docker", []):
        if not _DIGEST.fullmatch(container["image"]):
            yield f"image {container['image']}"
    if "machine" in job.executor and not _MACHINE.fullmatch(job.executor["machine"]["image"]):
        yield f"machine {job.executor['machine']['image']}"
    if not {"docker", "machine"} & job.executor.keys():
        yield "no container is named"
    for step in job.steps:
        if step.kind == "run":
            script = given.get(step.settings["command"].strip(), step.settings["command"])
            yield from _script(_unfolded(script))


def _script(text: str) -> Iterator[str]:
    """Findings in a shell script that has a credential in its environment."""
    pinned = dict(_ASSIGNMENT.findall(text))
    lines = [
        _filled(line, pinned) for line in text.splitlines() if not line.lstrip().startswith("#")
    ]
    login = next(
        (number for number, line in enumerate(lines) if "docker login" in line), len(lines)
    )
    for number, line in enumerate(lines):
        if re.search(r"\bdocker run\b", line):
            if not any(_DIGEST.fullmatch(word) for word in line.split()):
                yield f"image of {line.strip()!r}"
            if number > login:
                yield f"after the login: {line.strip()!r}"
        for command, option, what in _BY_DIGEST:
            if re.search(command, line) and not re.search(
                rf"{option}=\S+@sha256:[0-9a-f]{{64}}", line
            ):
                yield f"{what} of {line.strip()!r}"
        if re.search(r"\b(?:curl|wget)\b", line) and not any(
            "sha256sum --check" in each for each in lines[number:]
        ):
            yield f"download of {line.strip()!r}"
        if re.search(r"\|\s*(?:ba|z|da)?sh\b", line) or _INSTALLERS.search(line):
            yield f"install by {line.strip()!r}"
    yield from _pip(text)
    if (
        "buildx build" in text
        and "docker login" in text
        and not re.search(r"^build (?!--push)", text[: text.index("docker login")], re.MULTILINE)
    ):
        yield "the image is first built after the login"


def _filled(line: str, values: Mapping[str, str]) -> str:
    filled = re.sub(
        r"\$(?:(\w+)|{(\w+)})", lambda match: values.get(match[1] or match[2], match[0]), line
    )
    return filled.replace('"', "").replace("'", "")


def _dockerfile(text: str) -> Iterator[str]:
    stages = set(re.findall(r"^FROM \S+ AS (\S+)$", text, re.MULTILINE))
    for image in re.findall(r"^FROM (\S+)", text, re.MULTILINE):
        if image not in {"${PYTHON_IMAGE}", *stages}:
            yield f"base {image}"
    for image in re.findall(r"--from=([^\s,]+)", text):
        if image not in stages and not _DIGEST.fullmatch(image):
            yield f"copy from {image}"
    for frontend in re.findall(r"^# *syntax *= *(\S+)", text, re.MULTILINE):
        if not _DIGEST.fullmatch(frontend):
            yield f"frontend {frontend}"
    if re.search(r"^ADD |\b(?:curl|wget)\b", text, re.MULTILINE):
        yield "a download"
    yield from _pip(text)


def _pip(text: str) -> Iterator[str]:
    """Each installation needs hashes, or uses local files."""
    for line in text.splitlines():
        for command in re.split(r"&&|;|\|\|", line):
            if re.search(r"\bpip\b.*\binstall\b", command) and not re.search(
                r"--require-hashes|--no-deps.*(?:--no-index|--editable \.)", command
            ):
                yield f"packages of {command.strip()!r}"


def _make_release(text: str) -> Iterator[str]:
    """Findings in the targets that `make release` runs."""
    for target in (r"\$\(VENV\)/\.requirements", r"\$\(VENV\)/\.installed", "release"):
        recipe = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", text, re.MULTILINE)
        yield from _pip(recipe[1]) if recipe else [f"no target {target}"]


def _install(text: str) -> Iterator[str]:
    """The orb's installation must not install unpinned dependencies."""
    for line in text.splitlines():
        if (
            re.search(r"\bpip install\b", line)
            and "--no-deps" not in line
            and not line.lstrip().startswith("#")
        ):
            yield f"dependencies of {line.strip()!r}"


def _unfolded(text: str) -> str:
    return re.sub(r"\\\n\s*", "", text)


_LOOKS: dict[str, Callable[[str], Iterator[str]]] = {
    "Dockerfile": _dockerfile,
    "Makefile": _make_release,
    "orb/scripts/install.sh": _install,
}
