"""The stand-in's OAuth 2.0 server: registration, consent, and tokens, as CircleCI documents them.

It has one user, who is always logged in. Where CircleCI's documents are silent it follows RFC 6749
(with the stricter reading), 7636, 7591 and 8252.
"""

from collections.abc import Callable
from http import HTTPStatus
from secrets import token_urlsafe
from threading import Lock
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from circleci_usage.core.progress import Clock
from circleci_usage.demo.company.company import Company
from circleci_usage.demo.standin.access_tokens import AccessTokens, Permissions
from circleci_usage.demo.standin.authorization import (
    ConsentRequest,
    Grant,
    read_consent_request,
)
from circleci_usage.demo.standin.consent_page import consent_page
from circleci_usage.demo.standin.messages import Request, Response
from circleci_usage.demo.standin.oauth_clients import OAuthClients
from circleci_usage.demo.standin.oauth_messages import (
    NO_STORE,
    OAuthError,
    Parameters,
    form_fields,
    parameters,
)
from circleci_usage.demo.standin.rules import ACCESS_LEVELS, Rules

_TOKEN_PARAMETERS: Final = ("code", "client_id", "redirect_uri", "code_verifier")


class OAuthApi:
    """Responds to requests, one at a time."""

    def __init__(self, company: Company, clock: Clock, rules: Rules, tokens: AccessTokens) -> None:
        self._organizations = company.organizations
        self._clock = clock
        self._rules = rules
        self._tokens = tokens
        self._clients = OAuthClients()
        self._consents: dict[str, ConsentRequest] = {}
        self._grants: dict[str, Grant] = {}
        self._lock = Lock()
        self._routes: dict[tuple[str, str], Callable[[Request], Response]] = {
            ("POST", "/oauth/register"): self._clients.register,
            ("GET", "/oauth/authorize"): self._show_consent,
            ("POST", "/oauth/authorize"): self._decide,
            ("POST", "/oauth/token"): self._exchange,
        }

    def respond(self, request: Request) -> Response:
        """CircleCI's response, good or bad."""
        route = self._routes.get((request.method, urlsplit(request.path).path))
        if route is None:
            return Response.json(HTTPStatus.NOT_FOUND, {"message": "Not found."})
        with self._lock:
            try:
                return route(request)
            except OAuthError as error:
                return error.response

    def _show_consent(self, request: Request) -> Response:
        given = parameters(parse_qsl(urlsplit(request.path).query))
        asked = read_consent_request(given, self._clients)
        consent = token_urlsafe(32)
        self._consents[consent] = asked
        seen = [one for one in self._organizations if one.id not in self._rules.forbidden]
        return consent_page(asked, consent, seen)

    def _decide(self, request: Request) -> Response:
        fields = form_fields(request)
        given = parameters((name, value) for name, value in fields if name != "organization")
        organizations = frozenset(value for name, value in fields if name == "organization")
        asked = self._consents.get(given.get("consent", ""))
        if asked is None:
            raise OAuthError("invalid_request", message="unknown consent")
        outcome = self._outcome(asked, given, organizations)
        del self._consents[given["consent"]]
        query = urlencode({**outcome, "state": asked.state})
        return Response(
            HTTPStatus.SEE_OTHER,
            {"Location": f"{asked.redirect_uri}?{query}", "Referrer-Policy": "no-referrer"}
            | NO_STORE,
        )

    def _outcome(
        self, asked: ConsentRequest, given: Parameters, organizations: frozenset[str]
    ) -> Parameters:
        match given.get("decision"), given.get("level"):
            case "deny", _:
                return {"error": "access_denied"}
            case "allow", level if level in ACCESS_LEVELS:
                return {"code": self._grant(asked, Permissions(level, organizations))}
        raise OAuthError("invalid_request", message="invalid decision or level")

    def _grant(self, asked: ConsentRequest, permissions: Permissions) -> str:
        """A code. Authorizing a client again ends its former token at once."""
        self._tokens.revoke_of_client(asked.client.id)
        code = token_urlsafe(32)
        expires_at = self._clock.now() + self._rules.code_lifetime
        self._grants[code] = Grant(asked, permissions, expires_at)
        return code

    def _exchange(self, request: Request) -> Response:
        given = _token_parameters(request)
        if self._clients.find(given["client_id"]) is None:
            raise OAuthError("invalid_client")
        grant = self._used(given["code"])
        if not grant.is_for(given) or self._clock.now() >= grant.expires_at:
            raise OAuthError("invalid_grant")
        grant.token = self._tokens.issue(given["client_id"], grant.permissions)
        issued = {
            "access_token": grant.token.secret,
            "token_type": "Bearer",
            "expires_in": int(self._rules.token_lifetime.total_seconds()),
        }
        return Response.json(HTTPStatus.OK, issued, NO_STORE)

    def _used(self, code: str) -> Grant:
        """The grant of a code, which every attempt uses up, good or bad.

        Raises:
            OAuthError: for an unknown code, and for a second use, which revokes the token too.
        """
        grant = self._grants.get(code)
        if grant is None:
            raise OAuthError("invalid_grant")
        if grant.used:
            if grant.token:
                self._tokens.revoke(grant.request.client.id, grant.token)
            raise OAuthError("invalid_grant")
        grant.used = True
        return grant


def _token_parameters(request: Request) -> Parameters:
    if "authorization" in request.headers:
        # A public client has nothing to authenticate with.
        raise OAuthError("invalid_client", status=HTTPStatus.UNAUTHORIZED)
    if urlsplit(request.path).query:
        raise OAuthError("invalid_request", message="parameters must be in the body")
    given = parameters(form_fields(request))
    if "grant_type" not in given:
        raise OAuthError("invalid_request", message="grant_type is required")
    if given["grant_type"] != "authorization_code":
        raise OAuthError("unsupported_grant_type")
    for name in _TOKEN_PARAMETERS:
        if name not in given:
            raise OAuthError("invalid_request", message=f"{name} is required")
    return given
