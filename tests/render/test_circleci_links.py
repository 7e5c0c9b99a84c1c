"""Links from names to CircleCI: nothing but an address of its pages, or none."""

import re
from functools import cache
from typing import Final
from urllib.parse import parse_qs, quote, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circleci_usage.render.view.circleci_links import CircleCILinks, slug_of
from circleci_usage.schema.keys import JobKey, ProjectKey, WorkflowKey
from rendered import page
from report_factory import report_of
from rows import DEFAULTS, Row, job_run
from sample_reports import HOSTILE_NAMES, NULL, project

APP: Final = "https://app.circleci.com"
WEB: Final = ProjectKey(DEFAULTS["ORGANIZATION_ID"], "acme", DEFAULTS["PROJECT_ID"], "web")
ORGANIZATION_ID: Final = "d3c0eed8-5c5b-4e3c-9f8a-2f5d7c1b0a01"
PROJECT_ID: Final = "6a5ad0c1-8a3e-4a77-b1d2-9c9f3f1f0b02"

HOSTILE_REPOSITORIES: Final = [
    *HOSTILE_NAMES,
    *(NULL, "", "javascript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd"),
    *("//evil.example/acme/web", "https://evil.example/acme/web", "/acme/web", "acme/web"),
    *("http://github.com/acme/web", "ssh://git@github.com/acme/web", "git@github.com:acme/web"),
    *("https://me@github.com/acme/web", "https://github.com@evil.example/acme/web"),
    *("https://github.com:443/acme/web", "https://github.com.evil.example/acme/web"),
    *("https://evilgithub.com/acme/web", "https://www.github.com/acme/web", "https:github.com/a/b"),
    *(
        "https://GitHub.com/acme/web",
        "https://githu\u0184.com/acme/web",
        "https://g\u0456thub.com/acme/web",
    ),
    *("https://github.com\\acme\\web", "https:\\\\github.com/acme/web", "https://github。com/a/b"),
    *("https://github.com/acme", "https://github.com/acme/", "https://github.com//web"),
    *("https://github.com/acme/web/", "https://github.com/acme/web/x", "https://github.com/a//b"),
    *("https://github.com/acme/.", "https://github.com/acme/..", "https://github.com/../web"),
    *("https://github.com/./web", "https://github.com/acme/...", "https://github.com/acme/web.git"),
    *(
        "https://github.com/acme/%2e%2e",
        "https://github.com/acme%2fweb/x",
        "https://github.com/a/%",
    ),
    *(
        "https://github.com/acme/web?x=1",
        "https://github.com/acme/web#x",
        "https://github.com/a/b;c",
    ),
    *(
        "https://github.com/acme/web\n",
        "https://github.com/acme/web\r\nX: y",
        "\nhttps://github.com/a/b",
    ),
    *(
        "https://github.com/acme/we\tb",
        "https://github.com/acme/we\x00b",
        " https://github.com/a/b",
    ),
    *(
        "https://github.com/acme/wéb",
        "https://github.com/\u0430cme/web",
        "https://github.com/acme/\uff11",
    ),
    *("https://github.com/acme/we\u202eb", "https://github.com/acme/we\u200bb"),
    *(
        'https://github.com/acme/"><script>',
        "https://github.com/acme/web'onclick='x",
        "https://a b/c/d",
    ),
    *(f"https://github.com/{'a' * 101}/web", f"https://github.com/acme/{'w' * 101}"),
    *(
        "//circleci.com/acme/web",
        f"//circleci.com/{ORGANIZATION_ID}/..",
        "https://circleci.com/gh/a/b",
    ),
    *(f"//circleci.com/{ORGANIZATION_ID}", f"//evil.example/{ORGANIZATION_ID}/{PROJECT_ID}"),
    *(f"http://circleci.com/{ORGANIZATION_ID}/{PROJECT_ID}",),
    *(f"javascript://circleci.com/{ORGANIZATION_ID}/{PROJECT_ID}",),
    *(f"//circleci.com/{ORGANIZATION_ID}/{PROJECT_ID}\n", f"//circleci.com/{'0' * 22}/{'O' * 22}"),
]
HOSTILE_PARTS: Final = [
    *(name for name in HOSTILE_NAMES if name.lower() != "con"),
    *("", "..", "../..", "/a", "%2e%2e", "100%", "a\\b", "a?b=c", "a&b", "a;b", "a\nb", "a\n"),
    *(
        "a\x00",
        "\u202ea",
        "naïve",
        "\u0430",
        "a" * 301,
        "javascript:alert(1)//",
        '"',
        "'",
        "<",
        "`",
        "{}",
    ),
    *("(none)", "(other branches)", "release/*", "main, master", "feature-?"),
]


@cache
def links(*rows: Row) -> CircleCILinks:
    """The links of the report on some rows."""
    return CircleCILinks(report_of(rows or [job_run()]))


def key_of(name: str) -> ProjectKey:
    return WEB._replace(project_id=f"id of {name}", project=name)


@pytest.mark.parametrize(
    ("repository", "slug"),
    [
        ("https://github.com/acme/web", "github/acme/web"),
        ("https://github.com/Acme-Co/web.site_2", "github/Acme-Co/web.site_2"),
        ("https://github.com/acme_corp/.github", "github/acme_corp/.github"),
        ("https://bitbucket.org/acme/web", "bitbucket/acme/web"),
        (
            f"//circleci.com/{ORGANIZATION_ID}/{PROJECT_ID}",
            f"circleci/{ORGANIZATION_ID}/{PROJECT_ID}",
        ),
        (
            "https://circleci.com/8ZqW4mT1cVxR6nLkB2yHdJ/6EkDPZoN4ZdMKKZtBkRodt",
            "circleci/8ZqW4mT1cVxR6nLkB2yHdJ/6EkDPZoN4ZdMKKZtBkRodt",
        ),
        ("https://git.acme.example/acme/web", None),
        ("https://gitlab.com/acme/web", None),
    ],
)
def test_what_circleci_calls_a_project(repository: str, slug: str | None) -> None:
    assert slug_of(repository) == slug


@pytest.mark.parametrize("repository", HOSTILE_REPOSITORIES)
def test_an_odd_repository_makes_no_link(repository: str) -> None:
    assert slug_of(repository) is None


def test_each_kind_of_name_has_its_page() -> None:
    found = links()
    workflow = WorkflowKey(*WEB, "build and test")

    assert found.project(WEB) == f"{APP}/pipelines/github/acme/web"
    assert found.branch(WEB, "feature/a+b #1") == (
        f"{APP}/pipelines/github/acme/web?branch=feature%2Fa%2Bb%20%231"
    )
    assert found.pipeline(WEB, 62764) == f"{APP}/pipelines/github/acme/web/62764"
    assert found.workflow(workflow) == (
        f"{APP}/insights/github/acme/web/workflows/build%20and%20test/overview"
    )
    assert found.job(JobKey(*workflow, "<b>")) == (
        f"{APP}/insights/github/acme/web/workflows/build%20and%20test/jobs"
    )


def test_what_is_not_known_has_no_link() -> None:
    elsewhere = {**project("api"), "VCS_URL": "https://git.acme.example/acme/api"}
    nameless = dict.fromkeys(("PROJECT_ID", "PROJECT_NAME", "VCS_URL"), NULL)
    found = links(job_run(), job_run(**elsewhere), job_run("0", **nameless, USER_CREDITS="9"))

    assert found.project(key_of("api")) is None
    assert found.branch(key_of("api"), "main") is None
    assert found.pipeline(key_of("api"), 1) is None
    assert found.project(key_of("unknown")) is None
    assert found.project(WEB._replace(project_id="(none)", project="User seats")) is None
    assert [found.pipeline(WEB, number) for number in (None, 0, -1, 10**9)] == [None] * 4
    assert found.workflow(WorkflowKey(*key_of("api"), "build")) is None


def test_projects_without_ids_keep_apart() -> None:
    of_both = {"PROJECT_ID": NULL}
    found = links(
        job_run(**of_both), job_run(**of_both, PROJECT_NAME="api", VCS_URL="https://example.com/a")
    )

    assert found.project(WEB._replace(project_id="(none)")) == f"{APP}/pipelines/github/acme/web"
    assert found.project(WEB._replace(project_id="(none)", project="api")) is None


@pytest.mark.parametrize("name", HOSTILE_PARTS)
def test_a_hostile_name_makes_no_link(name: str) -> None:
    found = links()

    assert found.workflow(WorkflowKey(*WEB, name)) is None
    assert found.job(JobKey(*WEB, name, "test")) is None
    assert found.branch(WEB, name) is None


def test_a_workflow_is_one_part_of_an_address() -> None:
    assert links().workflow(WorkflowKey(*WEB, "build/../../x")) is None


@given(st.text(max_size=20))
def test_a_link_leads_to_circleci_with_the_names_as_they_are(name: str) -> None:
    found = links()
    workflow, branch = found.workflow(WorkflowKey(*WEB, name)), found.branch(WEB, name)

    if workflow:
        host, path = APP.removeprefix("https://"), urlsplit(workflow).path
        assert urlsplit(workflow).netloc == host
        assert path.split("/")[-2:] == [quote(name, safe=""), "overview"]
        assert unquote(path) == f"/insights/github/acme/web/workflows/{name}/overview"
    if branch:
        assert branch.startswith(f"{APP}/pipelines/github/acme/web?branch=")
        assert parse_qs(urlsplit(branch).query) == {"branch": [name]}


@given(st.from_regex(r"(https:)?//(github\.com|circleci\.com|x)/.+/.+", fullmatch=True))
def test_a_slug_has_three_plain_parts(repository: str) -> None:
    slug = slug_of(repository)

    if slug:
        kind, owner, name = slug.split("/")
        assert repository.endswith(f"{kind}.com/{owner}/{name}")
        assert slug.isascii()
        assert quote(slug) == slug
        assert not {owner, name} & {".", ".."}


def test_the_page_says_where_a_link_leads_and_sends_no_referrer() -> None:
    text = page(report_of([job_run()]))

    outside = re.findall(r'<a[^>]* href="https?:[^>]*>', text)

    assert all(f'href="{APP}/' in link for link in outside)
    assert all('rel="noopener noreferrer"' in link for link in outside)
    assert any('aria-label="web on CircleCI"' in link for link in outside)
    assert any('aria-label="test on CircleCI"' in link for link in outside)


def test_the_page_of_another_host_has_no_link() -> None:
    assert "https:" not in page(report_of([job_run(VCS_URL="https://git.acme.example/acme/web")]))
