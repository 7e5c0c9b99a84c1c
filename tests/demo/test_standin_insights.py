"""The stand-in's Insights and users: within CircleCI's OpenAPI document."""

from collections.abc import Iterator
from urllib.parse import quote

import pytest
import requests
from jsonschema import ValidationError

from circleci_usage.demo.clock import PinnedClock
from circleci_usage.demo.company.catalog import PROJECTS
from circleci_usage.demo.company.planted import FLAKY
from circleci_usage.demo.standin.standin import StandIn
from standin_client import APPS, COMPANY, LOOKUP_CONTRACTS, UNKNOWN, Client

STOREFRONT = "/insights/gh/tidewren-apps/web-storefront"


@pytest.fixture
def client() -> Iterator[Client]:
    with StandIn(COMPANY, PinnedClock()) as circleci, requests.Session() as session:
        yield Client(circleci, session, LOOKUP_CONTRACTS)


def test_flaky_tests_are_of_the_planted_job(client: Client) -> None:
    body = client.call("GET", f"{STOREFRONT}/flaky-tests").json()
    tests = body["flaky-tests"]
    assert len(tests) == body["total-flaky-tests"] > 0
    assert {(each["workflow-name"], each["job-name"]) for each in tests} == {
        (FLAKY.workflow, FLAKY.job)
    }


def test_every_project_and_workflow_has_an_answer_within_the_contract(client: Client) -> None:
    for project in PROJECTS:
        path = f"/insights/gh/{project.organization.name}/{project.name}"
        known = project.organization.slug.startswith("gh/")
        status = 200 if known else 404
        assert client.call("GET", f"{path}/flaky-tests").status_code == status
        for workflow in project.workflows:
            metrics = f"{path}/workflows/{workflow.name}/test-metrics"
            assert client.call("GET", f"{metrics}?all-branches=true").status_code == status


def test_the_service_writes_underscores_against_its_contract(client: Client) -> None:
    client.circleci.underscored = True
    with pytest.raises(ValidationError):
        client.call("GET", f"{STOREFRONT}/flaky-tests")


@pytest.mark.parametrize(
    "path",
    [
        "/insights/gh/tidewren-apps/nothing/flaky-tests",
        f"{STOREFRONT}/workflows/nothing/test-metrics",
        f"{STOREFRONT}/workflows/{quote('a/b', safe='')}/test-metrics",
        f"/user/{UNKNOWN}",
    ],
)
def test_what_does_not_exist_is_404(client: Client, path: str) -> None:
    assert client.call("GET", path).status_code == 404


def test_a_project_that_the_token_may_not_see_is_403(client: Client) -> None:
    client.circleci.forbidden = [APPS]
    assert client.call("GET", f"{STOREFRONT}/flaky-tests").status_code == 403


def test_a_wrong_token_is_401(client: Client) -> None:
    client.circleci.token = "other"
    url = f"{client.circleci.url}/api/v2{STOREFRONT}/flaky-tests"
    answer = requests.get(url, headers={"Circle-Token": "wrong"}, timeout=5)
    LOOKUP_CONTRACTS[0].check(answer)
    assert answer.status_code == 401


def test_users_have_names(client: Client) -> None:
    user = COMPANY.people[0]
    body = client.call("GET", f"/user/{user}").json()
    assert body["id"] == user
    assert " " in body["name"]
