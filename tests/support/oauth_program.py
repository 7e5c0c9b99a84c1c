"""A program that logs in to CircleCI's OAuth server, step by step, right or wrong."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs, urlencode, urlsplit

import requests

from circleci_usage.demo.standin.authorization import challenge_of
from consent import answer_consent

VERIFIER: Final = "a-verifier.of~the_right-length-43-characters"
REDIRECT_URI: Final = "http://127.0.0.1:51820/callback"
STATE: Final = "state & more"
_TIMEOUT: Final = 10


def register(app_url: str, **changes: object) -> requests.Response:
    """Register a program; None as a change leaves a member out."""
    metadata = {
        "client_name": "A program",
        "redirect_uris": [REDIRECT_URI],
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
        **changes,
    }
    given = {name: value for name, value in metadata.items() if value is not None}
    return requests.post(f"{app_url}/oauth/register", json=given, timeout=_TIMEOUT)


@dataclass(frozen=True)
class OAuthProgram:
    """A registered program."""

    app_url: str
    client_id: str
    redirect_uri: str = REDIRECT_URI

    @classmethod
    def registered(cls, app_url: str, redirect_uri: str = REDIRECT_URI) -> "OAuthProgram":
        """A program that has just registered."""
        client = register(app_url, redirect_uris=[redirect_uri]).json()
        return cls(app_url, client["client_id"], redirect_uri)

    def address(self, **changes: str | None) -> str:
        """The authorization address; None as a change leaves a parameter out."""
        parameters = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "state": STATE,
            "code_challenge": challenge_of(VERIFIER),
            "code_challenge_method": "S256",
            **changes,
        }
        given = {name: value for name, value in parameters.items() if value is not None}
        return f"{self.app_url}/oauth/authorize?{urlencode(given)}"

    def code(self, level: str = "read") -> str:
        """The code after somebody has allowed a level."""
        redirected = answer_consent(self.address(), level)
        return parse_qs(urlsplit(redirected).query)["code"][0]

    def exchange(self, code: str | None, **changes: str | None) -> requests.Response:
        """Exchange a code for a token; None as a change leaves a parameter out."""
        parameters = {
            "grant_type": "authorization_code",
            "code": code,
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "code_verifier": VERIFIER,
            **changes,
        }
        return requests.post(f"{self.app_url}/oauth/token", data=parameters, timeout=_TIMEOUT)

    def token(self, level: str = "read") -> str:
        """A new token of a level; it ends the program's former one."""
        token: str = self.exchange(self.code(level)).json()["access_token"]
        return token


def token_of_level(app_url: str, level: str) -> str:
    """A valid token of an access level, by a login of a program of its own."""
    return OAuthProgram.registered(app_url).token(level)
