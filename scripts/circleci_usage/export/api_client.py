"""CircleCI's API: one session that asks, retries what is safe to repeat, and turns answers into values or errors.

What is repeated, and why:

- GET: a 5xx, no answer, a broken one, or a page that is no JSON (a proxy's) up to `RETRY_WAITS`.
- POST: only when no connection came about. Once it may have reached CircleCI, an export may have begun and one of ten
  an hour may be spent; nobody can tell, so that even a 5xx is not repeated: `UnclearAnswerError`, and the run that
  comes next asks again.
- 429: never for exports; it says for how long, and the caller has better things to do meanwhile. Other calls wait here,
  if it is not long.

Each request has its own connection: they are minutes apart, and on a kept one that CircleCI has just closed nobody can
tell whether a POST arrived. The token is sent to the API's own origin only: redirects are not followed. No message
holds the token or a URL's query.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from json import loads
from typing import Final, Protocol
from urllib.parse import quote, urlsplit

import requests

from circleci_usage.core.errors import AccessError, ServiceError, SettingsError
from circleci_usage.core.progress import Clock, NullProgress, Progress, SystemClock
from circleci_usage.core.untrusted_text import inert
from circleci_usage.export.api_responses import (
    ApiResponse,
    ExportJob,
    ExportRefusedError,
    Organization,
    RateLimitedError,
    UnclearAnswerError,
    read_export_job,
    read_organization,
    read_organizations,
)
from circleci_usage.export.http import (
    REDIRECTS,
    BrokenError,
    Session,
    Timeouts,
    date_of,
    exchange,
    read_body,
    wait_of,
)
from circleci_usage.export.organization_names import LONGEST_NAME, is_id, is_name
from circleci_usage.export.wait_budget import SHORT_WAIT, WaitBudget
from circleci_usage.network.addresses import service_address, web_address
from circleci_usage.network.deadlines import Deadline

RETRY_WAITS: Final = (1.0, 2.0, 4.0, 8.0)
"""Seconds between tries: long enough for a restart behind a load balancer, too short for a person to give up."""

ANSWER_GRACE: Final = timedelta(seconds=10)
"""How long a look that is allowed at the end of a run's patience may take."""

CLOCK_TOLERANCE: Final = timedelta(minutes=1)
"""A smaller difference to CircleCI's clock is the answer's way here and the whole seconds of the Date header."""

_LONGEST_ANSWER: Final = 8 << 20
_SHOWN: Final = 300
_NEED_JSON: Final = frozenset({*range(300), 404})
"""Answers that a proxy might give in CircleCI's name, and that would be believed: only CircleCI gives them in JSON."""

_TOKEN: Final = re.compile(r"[!-~]+")
_SETTING: Final = "The address of CircleCI (--circleci-url, CIRCLECI_URL)"


class Secret(Protocol):
    """A text that does not print itself, as pydantic's SecretStr."""

    def get_secret_value(self) -> str:
        """The text."""


class CircleCI:
    """The API of CircleCI at `base_url` (with or without `/api/v2`), as the owner of a personal API token.

    The token goes by plain HTTP to this machine alone, unless that is allowed. What is waited between tries and for
    answers counts towards the `wait_budget`, which an export shares.

    All calls raise AccessError (401, 403, 404), ServiceError (no usable answer), RateLimitedError (429), SettingsError
    (400, a redirect, a bad URL) and UnfinishedError (no patience is left to ask at all).
    """

    def __init__(
        self,
        base_url: str,
        token: Secret,
        *,
        clock: Clock | None = None,
        progress: Progress | None = None,
        timeouts: Timeouts | None = None,
        allow_insecure: bool = False,
    ) -> None:
        self._root = _api_root(base_url, allow_insecure=allow_insecure)
        self._token = _usable(token)
        self._clock = clock or SystemClock()
        self._progress = progress or NullProgress()
        self._timeouts = timeouts or Timeouts()
        self._ahead = timedelta()
        self.wait_budget = WaitBudget(self._clock)

    @property
    def timeouts(self) -> Timeouts:
        """How long to wait for what."""
        return self._timeouts

    @property
    def clock_ahead(self) -> timedelta:
        """How far CircleCI's clock is ahead of this computer's; zero when they agree, or before the first answer."""
        return self._ahead

    def now(self) -> datetime:
        """The time at CircleCI, as far as its answers told it: what is in the future is decided there."""
        return self._clock.now() + self._ahead

    def create_export(
        self, organizations: Sequence[str], start: datetime, end: datetime
    ) -> ExportJob:
        """Ask for an export of the first organisation together with the others; both moments included.

        Raises:
            UnclearAnswerError: the export may have begun or not.
            ExportRefusedError: CircleCI does not export this.
        """
        body = {"start": _written(start), "end": _written(end)} | (
            {"shared_org_ids": [*organizations[1:]]} if len(organizations) > 1 else {}
        )
        path = f"organizations/{quote(organizations[0], safe='')}/usage_export_job"
        try:
            answer = self._retrying(lambda: self._send("POST", path, body), only_unsent=True)
            self._check(answer, f"organisation {organizations[0]}")
            return read_export_job(answer, self.redacted, self._clock.now())
        except BrokenError as error:
            if error.sent:
                raise UnclearAnswerError(
                    f"CircleCI gave no usable answer to the request for an export ({error}): whether it began is not"
                    " known, and asking again at once could spend the hourly quota twice. Run the same command again."
                ) from None
            raise self._unreachable(error) from None

    def poll_export(self, organization: str, job: str) -> ExportJob | None:
        """An export job that the organisation asked for; None when CircleCI does not know it (any more)."""
        answer = self._get(
            f"organizations/{quote(organization, safe='')}/usage_export_job/{quote(job, safe='')}"
        )
        if answer.status == requests.codes.not_found:
            return None
        self._check(answer, f"organisation {organization}")
        with self._understanding():
            return read_export_job(answer, self.redacted, self._clock.now())

    def collaborations(self) -> tuple[Organization, ...]:
        """The organisations that the token's owner belongs to."""
        answer = self._look_up("me/collaborations")
        self._check(answer, "the list of your organisations")
        with self._understanding():
            return read_organizations(answer)

    def organization(self, slug_or_id: str) -> Organization | None:
        """The organisation with a slug or id; None when there is none, or the token does not see it."""
        if not is_name(slug_or_id):
            return None
        answer = self._look_up(f"organization/{quote(slug_or_id, safe='/')}")
        if answer.status in {requests.codes.not_found, requests.codes.forbidden}:
            return None
        self._check(answer, f"organisation {slug_or_id}")
        with self._understanding():
            return read_organization(answer)

    def redacted(self, text: str) -> str:
        """A text from outside, fit to be shown: one short line without the token."""
        line = self._starred(text)
        return "".join(letter if letter.isprintable() else " " for letter in line[:_SHOWN]).strip()

    def _get(self, path: str) -> ApiResponse:
        try:
            return self._retrying(lambda: self._send("GET", path), only_unsent=False)
        except BrokenError as error:
            raise self._unreachable(error) from None

    def _look_up(self, path: str) -> ApiResponse:
        """A GET that waits out a short 429; it costs nothing that is scarce."""
        answer = self._get(path)
        for _ in RETRY_WAITS:
            wait = wait_of(answer.headers, self._clock.now())
            is_limited = answer.status == requests.codes.too_many
            if (
                not is_limited
                or wait is None
                or wait > SHORT_WAIT
                or not self.wait_budget.allows(wait)
            ):
                break
            self.wait_budget.wait(wait)
            answer = self._get(path)
        return answer

    def _retrying(self, send: Callable[[], ApiResponse], *, only_unsent: bool) -> ApiResponse:
        for seconds in RETRY_WAITS:
            try:
                return send()
            except BrokenError as error:
                wait = min(error.wait or timedelta(seconds=seconds), SHORT_WAIT)
                if (only_unsent and error.sent) or not self.wait_budget.allows(wait):
                    raise
                self._progress.detail(
                    f"CircleCI: {error}; trying again in {wait.total_seconds():.0f} s."
                )
                self.wait_budget.wait(wait)
        return send()

    def _send(self, method: str, path: str, body: object = None) -> ApiResponse:
        """One exchange: any answer that can be understood and is no 5xx."""
        with (
            self.wait_budget.answer(),
            Deadline(self._seconds_for(method)) as deadline,
            exchange(deadline),
        ):
            content, response = self._exchange(method, path, body)
        return self._understood(response, content)

    def _seconds_for(self, method: str) -> float:
        """How long an exchange may take: a GET not much longer than the run may still wait.

        A POST has all the time, for an answer that is cut off would have cost a request of the quota for nothing.
        """
        total = self._timeouts.total
        return (
            total
            if method == "POST"
            else min(total, (self.wait_budget.left + ANSWER_GRACE).total_seconds())
        )

    def _exchange(self, method: str, path: str, body: object) -> tuple[bytes, requests.Response]:
        with (
            Session() as session,
            session.request(
                method,
                f"{self._root}/{path}",
                json=body,
                headers={
                    "Circle-Token": self._token.get_secret_value(),
                    "Accept": "application/json",
                },
                timeout=(self._timeouts.connect, self._timeouts.read),
                allow_redirects=False,
                stream=True,
            ) as response,
        ):
            return read_body(response, limit=_LONGEST_ANSWER), response

    def _understood(self, response: requests.Response, content: bytes) -> ApiResponse:
        status, headers = response.status_code, response.headers
        if status in REDIRECTS:
            target = web_address(headers.get("Location", ""))
            where = (
                self.redacted(f"{target.scheme}://{target.hostname}") if target else "another place"
            )
            raise SettingsError(
                f"The address of CircleCI redirects to {where}, where the token is not sent; check --circleci-url"
                " (CIRCLECI_URL) and the proxy."
            )
        if status >= requests.codes.server_error:
            raise BrokenError(f"it answered {status}", wait=wait_of(headers, self._clock.now()))
        try:
            # Whoever quotes the token, escaped or not, does not get it into a ledger or a file's name.
            body = self._without_token(loads(content))
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, dict | list) and status in _NEED_JSON:
            raise BrokenError(
                f"it answered {status} with something that is not JSON: a proxy's page?"
            )
        self._learn_time(headers)
        return ApiResponse(status, headers, body)

    def _without_token(self, value: object) -> object:
        """JSON with the token replaced in each of its texts, keys too."""
        match value:
            case str():
                return self._starred(value)
            case list():
                return [self._without_token(each) for each in value]
            case dict():
                return {
                    self._starred(key): self._without_token(each) for key, each in value.items()
                }
            case _:
                return value

    def _starred(self, text: str) -> str:
        return text.replace(self._token.get_secret_value(), "***")

    def _learn_time(self, headers: Mapping[str, str]) -> None:
        there = date_of(headers)
        if there:
            ahead = there - self._clock.now()
            self._ahead = ahead if abs(ahead) > CLOCK_TOLERANCE else timedelta()

    def _check(self, answer: ApiResponse, what: str) -> None:
        if answer.status < requests.codes.multiple_choices:
            return
        said = self.redacted(answer.message)
        why = f"{answer.status}: {said}" if said else f"{answer.status}"
        match answer.status:
            case 400:
                raise ExportRefusedError(f"CircleCI refused the request for {what} ({why}).", said)
            case 401:
                raise AccessError(
                    f"CircleCI does not accept the token ({why}); put a personal API token (User Settings → Personal"
                    " API Tokens) into CIRCLECI_API_TOKEN. Project tokens do not work here."
                )
            case 403:
                raise AccessError(
                    f"The token may not see {what} ({why}); use a token of a member who may see its usage."
                )
            case 404:
                raise AccessError(
                    f"CircleCI knows no {what}, or the token does not see it ({why}); check ORG_ID, or see what"
                    " `circleci-usage doctor` says."
                )
            case 429:
                wait = wait_of(answer.headers, self._clock.now())
                raise RateLimitedError(
                    f"CircleCI's request limit is reached ({why}); run again later.", wait
                )
            case _:
                raise ServiceError(
                    f"CircleCI answered the request for {what} with {why}; try again later."
                )

    @contextmanager
    def _understanding(self) -> Iterator[None]:
        try:
            yield
        except BrokenError as error:
            raise self._unusable(f"cannot be understood: {error}") from None

    def _unreachable(self, error: BrokenError) -> ServiceError:
        wait = error.wait or timedelta()
        if not self.wait_budget.allows(max(wait, timedelta(seconds=RETRY_WAITS[0]))):
            asked = f" and asks for {wait.total_seconds():.0f} s of patience" if wait else ""
            return self._unusable(
                f"cannot be used within what this run may wait (--max-wait): {error}{asked}"
            )
        return self._unusable(f"cannot be used after {len(RETRY_WAITS) + 1} tries: {error}")

    def _unusable(self, why: str) -> ServiceError:
        return ServiceError(
            f"CircleCI at {urlsplit(self._root).netloc} {why}; try again later, and check the network and"
            " --circleci-url (CIRCLECI_URL)."
        )


def resolve_organization(client: CircleCI, name: str) -> Organization:
    """An organisation's id or slug (`gh/acme`) → the organisation. An id is taken as it is and costs no request.

    Raises:
        AccessError: as `find_organization`.
    """
    if is_id(name):
        return Organization(name.lower(), name.lower(), name.lower())
    return find_organization(client, name)


def find_organization(client: CircleCI, name: str) -> Organization:
    """The organisation with this id or slug, if the token sees it.

    Raises:
        AccessError: it does not; the message names those that it sees.
    """
    seen = client.collaborations()
    found = next((one for one in seen if name.lower() in {one.id.lower(), one.slug.lower()}), None)
    found = found or client.organization(name)
    if found:
        return found
    names = (
        ", ".join(f"{client.redacted(one.slug)} ({client.redacted(one.id)})" for one in seen)
        or "none"
    )
    shown = inert(name, LONGEST_NAME)
    raise AccessError(
        f"There is no organisation '{shown}' that the token sees; it sees: {names}. Check ORG_ID."
    )


def _api_root(base_url: str, *, allow_insecure: bool) -> str:
    example = "https://circleci.com"
    url = service_address(
        base_url, setting=_SETTING, example=example, allow_insecure=allow_insecure
    )
    return f"{url.removesuffix('/api/v2').rstrip('/')}/api/v2"


def _usable(token: Secret) -> Secret:
    if not _TOKEN.fullmatch(token.get_secret_value()):
        raise SettingsError(
            "The CircleCI API token holds characters that no token has, or none at all; check CIRCLECI_API_TOKEN for"
            " quotes, spaces and line ends."
        )
    return token


def _written(moment: datetime) -> str:
    """RFC 3339 in UTC, whole milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
