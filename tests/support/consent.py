"""A person who answers the consent page of CircleCI's OAuth server, without a browser."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

import requests

_TIMEOUT = 10


@dataclass
class ConsentForm(HTMLParser):
    """The form of a consent page: where it goes, and the fields of each name in their order."""

    action: str = ""
    texts: dict[str, str] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        match tag, given.get("type"):
            case "form", _:
                self.action = given["action"]
            case "input", "hidden":
                self.texts[given["name"]] = given["value"]
            case ("input", "radio" | "checkbox") | ("button", _):
                self.choices.setdefault(given["name"], []).append(given["value"])


def answer_consent(
    address: str,
    level: str = "read",
    button: str = "allow",
    organizations: Sequence[str] | None = None,
) -> str:
    """Open an address that leads to the consent page, choose a level, and press a button.

    Args:
        address: the authorization address, or one that redirects to it.
        level: "read", "write" or "admin".
        button: "allow" or "deny".
        organizations: the ids to leave checked; None for all.

    Returns:
        The address that the browser is redirected to, with the code or the error; nobody has
        opened it yet.

    Raises:
        AssertionError: when there is no such page, level, button or redirect.
    """
    with _browser() as session:
        page = session.get(address, timeout=_TIMEOUT)
        assert page.status_code == 200, page.text
        form = ConsentForm()
        form.feed(page.text)
        if organizations is not None:
            form.choices["organization"] = [*organizations]
        answer = session.post(
            urljoin(page.url, form.action),
            data=_filled(form, {"level": level, "decision": button}),
            allow_redirects=False,
            timeout=_TIMEOUT,
        )
    assert answer.status_code in {302, 303}, answer.text
    return answer.headers["Location"]


def consent_and_follow(
    address: str, level: str = "read", button: str = "allow"
) -> requests.Response:
    """As `answer_consent`, and then follow the redirect: the response of the waiting program."""
    redirected = answer_consent(address, level, button)
    with _browser() as session:
        return session.get(redirected, timeout=_TIMEOUT)


def _browser() -> requests.Session:
    """Browsers open this machine's own addresses without a proxy."""
    session = requests.Session()
    session.trust_env = False
    return session


def _filled(form: ConsentForm, chosen: Mapping[str, str]) -> dict[str, str | list[str]]:
    for name, value in chosen.items():
        assert value in form.choices[name], form.choices
    organizations = form.choices["organization"]
    return {**form.texts, **chosen, "organization": organizations}
