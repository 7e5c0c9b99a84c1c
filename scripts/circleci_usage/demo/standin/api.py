"""The stand-in's API: access, quotas and responses as in CircleCI's OpenAPI document."""

import re
from base64 import b64decode
from collections.abc import Callable, Iterator
from http import HTTPStatus
from threading import Lock
from typing import Final
from urllib.parse import unquote, urlsplit

from circleci_usage.core.progress import Clock
from circleci_usage.demo.company.company import Company
from circleci_usage.demo.company.insights import user_name
from circleci_usage.demo.company.projects import SampleOrganization, SampleProject
from circleci_usage.demo.standin.access_tokens import AccessTokens, Permissions
from circleci_usage.demo.standin.exportjobs import ExportJobs
from circleci_usage.demo.standin.insights import (
    flaky_tests,
    project_of,
    test_metrics,
    workflow_of,
)
from circleci_usage.demo.standin.limits import HourlyQuota, refusal_headers
from circleci_usage.demo.standin.messages import RejectedRequestError, Request, Response
from circleci_usage.demo.standin.rules import Rules
from circleci_usage.demo.standin.storage import Storage
from circleci_usage.demo.standin.window import read_window

_ROOT: Final = "/api/v2"
_EXPORT_JOB: Final = "/organizations/([^/]+)/usage_export_job"
_PROJECT: Final = "/insights/([^/]+/[^/]+/[^/]+)"


class UsageApi:
    """Responds to requests, one at a time."""

    def __init__(
        self,
        company: Company,
        clock: Clock,
        rules: Rules,
        storage: Storage,
        tokens: AccessTokens,
    ) -> None:
        self._organizations = company.organizations
        self._people = frozenset(company.people)
        self._clock = clock
        self._rules = rules
        self._tokens = tokens
        self._jobs = ExportJobs(company, rules, storage)
        self._posts, self._gets = HourlyQuota(), HourlyQuota()
        self._lock = Lock()
        self._routes: tuple[tuple[str, re.Pattern[str], Callable[..., Response]], ...] = (
            ("GET", re.compile(f"{_ROOT}/me/collaborations"), self._collaborations),
            ("GET", re.compile(f"{_ROOT}/organization/(.+)"), self._organization),
            ("POST", re.compile(_ROOT + _EXPORT_JOB), self._create_export),
            ("GET", re.compile(f"{_ROOT}{_EXPORT_JOB}/([^/]+)"), self._poll_export),
            ("GET", re.compile(f"{_ROOT}{_PROJECT}/flaky-tests"), self._flaky_tests),
            ("GET", re.compile(f"{_ROOT}{_PROJECT}/workflows/(.+)/test-metrics"), self._metrics),
            ("GET", re.compile(f"{_ROOT}/user/([^/]+)"), self._user),
        )

    def respond(self, request: Request) -> Response:
        """CircleCI's response, good or bad."""
        path = unquote(urlsplit(request.path).path)
        with self._lock:
            try:
                granted = self._authenticate(request)
                for method, pattern, respond in self._routes:
                    match = pattern.fullmatch(path)
                    if match and method == request.method:
                        self._check_level(granted, method)
                        return respond(granted, request, *match.groups())
            except RejectedRequestError as rejected:
                return rejected.response
        return Response.json(HTTPStatus.NOT_FOUND, {"message": "Not found."})

    def _authenticate(self, request: Request) -> Permissions:
        """What the request's token may do."""
        if "circle-token=" in urlsplit(request.path).query:
            raise RejectedRequestError(
                HTTPStatus.UNAUTHORIZED,
                "Support for query parameter authentication has been deprecated to improve"
                " security. Please use a supported authentication method such as header-based, or"
                " basic authentication.",
            )
        granted = self._tokens.permissions(_token(request))
        if granted is None:
            raise RejectedRequestError(HTTPStatus.UNAUTHORIZED, "Invalid token provided.")
        return granted

    def _check_level(self, granted: Permissions, method: str) -> None:
        """Every level may read; the only POST requests an export."""
        if method == "POST" and granted.level not in self._rules.levels_that_export:
            raise _permission_denied()

    def _collaborations(self, granted: Permissions, _request: Request) -> Response:
        seen = [one for one in self._organizations if self._may_access(granted, one)]
        return Response.json(HTTPStatus.OK, [_described(one) for one in seen])

    def _organization(self, granted: Permissions, _request: Request, slug_or_id: str) -> Response:
        one = self._find(granted, slug_or_id)
        return Response.json(
            HTTPStatus.OK,
            {"id": one.id, "name": one.name, "slug": one.slug, "vcs_type": one.vcs_type},
        )

    def _create_export(self, granted: Permissions, request: Request, org_id: str) -> Response:
        organization = self._find_id(granted, org_id)
        self._count(self._posts, organization, self._rules.posts_per_hour)
        now = self._clock.now()
        window = read_window(request.body, now, self._rules.look_back)
        shared = (self._find_id(granted, one).id for one in window.shared_org_ids)
        return Response.json(
            HTTPStatus.CREATED, self._jobs.create((organization.id, *shared), window, now)
        )

    def _poll_export(
        self, granted: Permissions, _request: Request, org_id: str, job_id: str
    ) -> Response:
        organization = self._find_id(granted, org_id)
        self._count(self._gets, organization, self._rules.gets_per_hour)
        body = self._jobs.poll(job_id, organization.id)
        if body is None:
            raise RejectedRequestError(HTTPStatus.NOT_FOUND, "Usage export job does not exist.")
        return Response.json(HTTPStatus.OK, body)

    def _flaky_tests(self, granted: Permissions, _request: Request, slug: str) -> Response:
        project, underscored = self._project(granted, slug), self._rules.underscored
        body = flaky_tests(project, self._clock.now(), underscored=underscored)
        return Response.json(HTTPStatus.OK, body)

    def _metrics(
        self, granted: Permissions, _request: Request, slug: str, workflow: str
    ) -> Response:
        project = self._project(granted, slug)
        found = workflow_of(project, workflow)
        if found is None:
            raise RejectedRequestError(HTTPStatus.NOT_FOUND, "Workflow not found.")
        return Response.json(HTTPStatus.OK, test_metrics(project, found))

    def _project(self, granted: Permissions, slug: str) -> SampleProject:
        project = project_of(slug)
        if project is None:
            raise RejectedRequestError(HTTPStatus.NOT_FOUND, "Project not found.")
        self._find_id(granted, project.organization.id)
        return project

    def _user(self, _granted: Permissions, _request: Request, user: str) -> Response:
        if user not in self._people:
            raise RejectedRequestError(HTTPStatus.NOT_FOUND, "User not found.")
        name = user_name(user)
        login = name.lower().replace(" ", "-")
        return Response.json(HTTPStatus.OK, {"id": user, "login": login, "name": name})

    def _find_id(self, granted: Permissions, org_id: str) -> SampleOrganization:
        """An organization by its id; the usage endpoints accept no slugs."""
        return self._allowed(
            granted, (one for one in self._organizations if one.id == org_id.lower())
        )

    def _find(self, granted: Permissions, slug_or_id: str) -> SampleOrganization:
        return self._allowed(
            granted, (one for one in self._organizations if slug_or_id in (one.slug, one.id))
        )

    def _allowed(
        self, granted: Permissions, found: Iterator[SampleOrganization]
    ) -> SampleOrganization:
        organization = next(found, None)
        if organization is None:
            raise RejectedRequestError(HTTPStatus.NOT_FOUND, "Organization does not exist.")
        if not self._may_access(granted, organization):
            raise _permission_denied()
        return organization

    def _may_access(self, granted: Permissions, organization: SampleOrganization) -> bool:
        return organization.id not in self._rules.forbidden and granted.include(organization.id)

    def _count(
        self, quota: HourlyQuota, organization: SampleOrganization, limit: int | None
    ) -> None:
        now = self._clock.now()
        wait = quota.take(organization.id, now, limit)
        if wait is not None:
            headers = refusal_headers(self._rules.refusal, wait, now)
            raise RejectedRequestError(
                HTTPStatus.TOO_MANY_REQUESTS, "Rate limit exceeded.", headers
            )


def _permission_denied() -> RejectedRequestError:
    return RejectedRequestError(HTTPStatus.FORBIDDEN, "Permission denied.")


def _described(organization: SampleOrganization) -> dict[str, str]:
    return {
        "id": organization.id,
        "vcs-type": organization.vcs_type,
        "name": organization.name,
        "avatar_url": "",
        "slug": organization.slug,
    }


def _token(request: Request) -> str:
    """The token of a request, in any form that CircleCI accepts; empty when there is none."""
    if "circle-token" in request.headers:
        return request.headers["circle-token"]
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    match scheme.lower():
        case "bearer":
            return credentials
        case "basic":
            try:
                return b64decode(credentials, validate=True).decode().removesuffix(":")
            except ValueError:
                return ""
        case _:
            return ""
