"""Attacks on estimates: a hostile GitHub, hostile revisions, names in a comment."""

import re
from pathlib import Path
from time import monotonic

import pytest
from pydantic import SecretStr

from attack import attacked
from circleci_usage.core.errors import UsageExporterError
from circleci_usage.core.progress import NullProgress
from circleci_usage.demo.clock import PinnedClock
from circleci_usage.network.http import Timeouts
from circleci_usage.pull_requests.comment import post_comment
from circleci_usage.pull_requests.github_api import GithubApi
from circleci_usage.pull_requests.pull_request import PullRequest
from circleci_usage.render.text.estimate_markdown import estimate_markdown
from github_comments import TOKEN
from hostile_server import HANG, READ, Drip, HostileServer, Script, answer
from job_histories import config, estimated, job

OK = b"HTTP/1.1 200 OK\r\n"
GITHUB = 8.0
MARKER = "<!-- marker -->"
DEEP = b"[" * 100_000

HOSTILE: dict[str, Script] = {
    "no answer": (READ, HANG),
    "dripped headers": (READ, OK, Drip(b"X-Again: and again\r\n")),
    "a body without end": (READ, OK + b"\r\n", Drip(b"x" * 65536, 0)),
    "no HTTP": (READ, b"SSH-2.0\r\n\r\n"),
    "nested": (READ, answer(200, DEEP)),
    "a wait without end": (READ, answer(403, b"{}", Retry_After="9" * 400)),
    "the token": (READ, answer(422, f'{{"message": "{TOKEN}"}}'.encode())),
    "controls": (READ, answer(422, b'{"message": "\\u001b[2J\\u202e"}')),
    "another place": (READ, answer(302, b"", Location="http://127.0.0.1:1/")),
    "a user of another kind": (READ, answer(200, b'{"id": {"x": []}}')),
    "comments of another kind": (READ, answer(200, b'[1, null, {"body": 5}, {"user": []}]')),
}


@pytest.mark.parametrize("script", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_github_is_given_up(script: Script) -> None:
    begin = monotonic()
    with HostileServer(script) as server:
        api = GithubApi(
            server.url,
            SecretStr(TOKEN),
            clock=PinnedClock(),
            progress=NullProgress(),
            timeouts=Timeouts(connect=2, read=2, total=0.2),
        )
        said = ""
        try:
            post_comment(api, PullRequest("127.0.0.1", "acme/web", 1), MARKER, MARKER)
        except UsageExporterError as error:
            said = str(error)

    assert monotonic() - begin < GITHUB
    assert TOKEN not in said
    assert said.isprintable()


@pytest.mark.parametrize(
    "revision",
    [
        *("--output=x", "-x", "--upload-pack=touch x", "main --output=x", "main;touch x"),
        *(
            "main:../../etc/passwd",
            "main:/etc/passwd",
            ":/secret",
            "$(touch x)",
            "\x1b[2J",
            "@{-1}:",
        ),
    ],
)
def test_a_hostile_revision_runs_and_reads_nothing(revision: str, tmp_path: Path) -> None:
    outcome = attacked("estimate", "--", revision, "other", cwd=tmp_path, codes={2})

    assert "neither a file nor" in outcome.err or "is not a git revision" in outcome.err
    assert [*tmp_path.iterdir()] == []


def test_a_comment_mentions_and_shows_nobody() -> None:
    names = ("@acme/everybody", "<img src=//evil.example>", "![x](//evil.example)", "`|`", "#1")
    jobs = ", ".join(f'{{test: {{name: "{name}"}}}}' for name in names)
    workflows = f"  '<!-- -->': {{jobs: [{jobs}]}}"

    text = estimate_markdown(estimated(config(job()), config(job(), workflows=workflows)))

    without_code = re.sub(r"(`+) ?.+? ?\1", "", text)
    assert not [name for name in names if name in without_code]
    assert without_code.count("<") == without_code.count(">") == 3
    assert max(map(len, text.splitlines())) < 1000


def test_a_comment_of_many_jobs_fits_into_github() -> None:
    name = "\N{PILE OF POO}`|" * 300
    jobs = [job(f"job-{number}") for number in range(400)]
    named = ", ".join(f'{{job-{number}: {{name: "{number}{name}"}}}}' for number in range(400))

    text = estimate_markdown(
        estimated(config(job()), config(*jobs, workflows=f"  build: {{jobs: [{named}]}}"))
    )

    assert len(text.encode()) < 65_536
    assert "and 351 more" in text
