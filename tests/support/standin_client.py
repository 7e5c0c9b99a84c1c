"""A client of the stand-in for CircleCI that checks every response against the contract."""

import csv
import gzip
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from jsonschema import Draft7Validator, FormatChecker

from circleci_usage.core.periods import Period
from circleci_usage.demo.company.company import Company
from circleci_usage.demo.company.exportfile import ExportRow
from circleci_usage.demo.standin.standin import StandIn
from circleci_usage.schema.export_columns import EXPORT_COLUMNS
from paths import SHARED, TESTS

COMPANY = Company(scale=0.02)
MAIN, APPS, LABS = (organization.id for organization in COMPANY.organizations)
OCTOBER = {"start": "2026-10-01T00:00:00Z", "end": "2026-10-31T23:59:59Z"}
JOB_ID, JOB_RUN_DATE, STATUS = (
    EXPORT_COLUMNS.index(name) for name in ("JOB_ID", "JOB_RUN_DATE", "JOB_BUILD_STATUS")
)
UNKNOWN = "00000000-0000-4000-8000-000000000000"

WRITTEN_BY_US = TESTS / "resources" / "circleci-openapi.json"
OF_LOOKUPS = TESTS / "resources" / "circleci-insights-openapi.json"
# CircleCI's document itself, where it is at hand.
CIRCLECI_S_OWN = SHARED / "facts" / "circleci-openapi-usage.json"


class Contract:
    """An OpenAPI document, as far as the stand-in's answers need it."""

    def __init__(self, path: Path) -> None:
        self._document = json.loads(path.read_text("utf-8"))

    def check(self, answer: requests.Response) -> None:
        """Fail unless the document allows the response; all errors have the same shape."""
        path = urlsplit(answer.request.path_url).path.removeprefix("/api/v2")
        responses = self._responses(str(answer.request.method).lower(), path)
        response = (
            responses.get(str(answer.status_code)) or responses.get("default") or responses["401"]
        )
        name = response.get("$ref", "").rpartition("/")[2]
        content = (self._document["components"]["responses"][name] if name else response)["content"]
        # References of the schema begin at the root of the document.
        schema = {
            "components": self._document["components"],
            "allOf": [content["application/json"]["schema"]],
        }
        assert answer.headers["Content-Type"].startswith("application/json")
        Draft7Validator(schema, format_checker=FormatChecker()).validate(answer.json())

    def _responses(self, method: str, path: str) -> dict[str, Any]:
        for template, calls in self._document["paths"].items():
            # A slug has slashes in the middle; all other parameters have none.
            pattern = re.sub(r"\{(org-slug-or-id|project-slug)\}", ".+", template)
            if method in calls and re.fullmatch(re.sub(r"\{[\w-]+\}", "[^/]+", pattern), path):
                responses: dict[str, Any] = calls[method]["responses"]
                return responses
        raise AssertionError(f"{method} {path} is not in the contract")


LOOKUP_CONTRACTS = (Contract(OF_LOOKUPS),)
CONTRACTS = [Contract(path) for path in (WRITTEN_BY_US, CIRCLECI_S_OWN) if path.exists()]


@dataclass
class Client:
    """A plain client that holds every answer of the API against the contracts."""

    circleci: StandIn
    session: requests.Session
    contracts: Sequence[Contract] = tuple(CONTRACTS)

    def call(self, method: str, path: str, body: object = None) -> requests.Response:
        headers = {"Circle-Token": self.circleci.token}
        answer = self.session.request(
            method, f"{self.circleci.url}/api/v2{path}", json=body, headers=headers, timeout=5
        )
        for contract in self.contracts:
            contract.check(answer)
        return answer

    def post(self, org_id: str = MAIN, /, **body: object) -> requests.Response:
        """Request October, or what the body says instead."""
        return self.call("POST", f"/organizations/{org_id}/usage_export_job", {**OCTOBER, **body})

    def poll(self, job: str, org_id: str = MAIN) -> requests.Response:
        return self.call("GET", f"/organizations/{org_id}/usage_export_job/{job}")

    def urls(self, **body: object) -> list[str]:
        """The download URLs of October, or of what the body says instead."""
        job = self.post(**body).json()["usage_export_job_id"]
        while (status := self.poll(job).json())["state"] != "completed":
            assert status["state"] in {"created", "processing"}
        return list(status["download_urls"])

    def export(self, first: date, last: date, *others: str) -> list[ExportRow]:
        """All rows of some whole days."""
        end = min(f"{last}T23:59:59Z", f"{self.circleci.clock.now():%FT%TZ}")
        urls = self.urls(start=f"{first}T00:00:00Z", end=end, shared_org_ids=list(others))
        return [row for url in urls for row in rows_of(self.download(url).content)]

    def download(self, url: str, **headers: str) -> requests.Response:
        return self.session.get(url, headers=headers, timeout=5)


def rows_of(part: bytes) -> list[ExportRow]:
    header, *rows = csv.reader(StringIO(gzip.decompress(part).decode(), newline=""))
    assert tuple(header) == EXPORT_COLUMNS
    return [tuple(row) for row in rows]


def days(first: date, last: date, *organizations: str) -> list[ExportRow]:
    """The rows of some organizations, by default the first one."""
    wanted = organizations or (MAIN,)
    return [
        row for day in Period.of_days(first, last) for row in COMPANY.rows(day) if row[0] in wanted
    ]
