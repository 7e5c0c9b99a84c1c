"""Runs the steps of a job as CircleCI's agent does: own home, caches, workspace, artifacts."""

import hashlib
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from circleci_config import ConfigError, Job, Node, Step

_CACHE_TEMPLATE = re.compile(r"{{\s*(.+?)\s*}}")

# What every CircleCI job has on its PATH; here only the one command that the orb calls.
_CIRCLECI = """\
#!/usr/bin/env python3
import os, re, sys
assert sys.argv[1:3] == ["env", "subst"]
def value(match):
    return os.environ.get(match[1] or match[2], "")
print(re.sub(r"[$](?:(\\w+)|{(\\w+)})", value, sys.argv[3]))
"""


@dataclass(frozen=True)
class Ran:
    """One `run` step that was carried out."""

    name: str
    exit_code: int
    output: str


@dataclass(frozen=True)
class Outcome:
    """What a job left behind."""

    ran: tuple[Ran, ...]

    @property
    def exit_code(self) -> int:
        """0, or the exit code of the step that failed first."""
        return next((step.exit_code for step in self.ran if step.exit_code), 0)

    @property
    def output(self) -> str:
        """All that the steps printed."""
        return "\n".join(f"== {step.name}\n{step.output}" for step in self.ran)


@dataclass
class Runner:
    """A CircleCI project: what its jobs leave for later jobs and for people.

    Attributes:
        root: an empty folder to work in.
        environment: project variables and contexts, for all jobs.
        checkout: a folder that the step `checkout` copies, or None for an empty repository.
        shell: makes the command that runs a script with variables, if it is to run in a container.
    """

    root: Path
    environment: dict[str, str]
    checkout: Path | None = None
    shell: Callable[[Path, dict[str, str]], list[str]] | None = None
    cache_keys: list[str] = field(default_factory=list)

    @property
    def artifacts(self) -> Path:
        """What people find in the Artifacts tab, of the last job that stored some."""
        return self.root / "artifacts"

    def run(self, job: Job) -> Outcome:
        """Run a job's steps; after a failure only those with `when: always` or `on_fail`.

        Raises:
            ConfigError: the runner does not know a kind of step.
        """
        project = self._fresh_container(job.name)
        variables = self._variables(job, project.parent)
        ran: list[Ran] = []
        for step in job.steps:
            wanted = step.settings.get("when", "on_success")
            if wanted not in {
                "always",
                "on_fail" if any(done.exit_code for done in ran) else "on_success",
            }:
                continue
            if step.kind == "run":
                ran.append(self._run(step.settings, project, variables))
            else:
                self._file_step(step, project)
        return Outcome(tuple(ran))

    def _fresh_container(self, name: str) -> Path:
        home = self.root / "home" / name
        shutil.rmtree(home, ignore_errors=True)
        project = home / "project"
        project.mkdir(parents=True)
        circleci = self.root / "bin" / "circleci"
        circleci.parent.mkdir(exist_ok=True)
        circleci.write_text(_CIRCLECI, encoding="utf-8")
        circleci.chmod(0o755)
        return project

    def _variables(self, job: Job, home: Path) -> dict[str, str]:
        return {
            "PATH": f"{self.root / 'bin'}:{os.environ['PATH']}",
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "CI": "true",
            "CIRCLECI": "true",
            "CIRCLE_JOB": job.name,
            "BASH_ENV": str(home / "bash_env"),
            **self.environment,
            **_environment(job.environment),
        }

    def _file_step(self, step: Step, project: Path) -> None:
        settings = step.settings
        match step.kind:
            case "checkout":
                if self.checkout:
                    shutil.copytree(self.checkout, project, dirs_exist_ok=True)
            case "restore_cache":
                self._restore_cache(settings["keys"], project)
            case "save_cache":
                key = _cache_key(settings["key"], project)
                self.cache_keys.append(key)
                for path in settings["paths"]:
                    _copy(project / path, self.root / "caches" / key / path)
            case "store_artifacts":
                path = settings["path"]
                _copy(project / path, self.artifacts / settings.get("destination", path))
            case "persist_to_workspace":
                for path in settings["paths"]:
                    _copy(project / settings["root"] / path, self.root / "workspace" / path)
            case "attach_workspace":
                _copy(self.root / "workspace", project / settings["at"])
            case kind:
                raise ConfigError(f"the runner cannot do {kind!r}")

    def _run(self, settings: Node, project: Path, variables: dict[str, str]) -> Ran:
        variables = variables | _environment(settings.get("environment", {}))
        Path(variables["BASH_ENV"]).touch()
        script = project.parent / "step.sh"
        script.write_text(settings["command"], encoding="utf-8")
        command = (
            self.shell(script, variables)
            if self.shell
            else ["bash", "-eo", "pipefail", str(script)]
        )
        done = subprocess.run(
            command,
            cwd=project,
            env=None if self.shell else variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=300,
        )
        return Ran(str(settings.get("name", "run")), done.returncode, done.stdout)

    def _restore_cache(self, keys: list[str], project: Path) -> None:
        saved = sorted(
            (self.root / "caches").glob("*"),
            key=lambda cache: cache.stat().st_mtime_ns,
            reverse=True,
        )
        for prefix in (_cache_key(key, project) for key in keys):
            for cache in saved:
                if cache.name.startswith(prefix):
                    shutil.copytree(cache, project, dirs_exist_ok=True)
                    return


def _cache_key(template: str, project: Path) -> str:
    def value(match: re.Match[str]) -> str:
        name, _, argument = match[1].partition(" ")
        match name:
            case "epoch":
                return str(time.time_ns())
            case "checksum":
                return hashlib.sha256((project / argument.strip('"')).read_bytes()).hexdigest()
            case _:
                raise ConfigError(f"the runner knows no {name!r} in a cache key")

    return _CACHE_TEMPLATE.sub(value, template)


def _environment(given: Node) -> dict[str, str]:
    # CircleCI writes booleans as 1 and 0.
    return {
        key: str(int(value) if isinstance(value, bool) else value) for key, value in given.items()
    }


def _copy(source: Path, target: Path) -> None:
    """As CircleCI does: what is not there is no error."""
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    elif source.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)
