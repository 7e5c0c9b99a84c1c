"""The few pages that a login shows in the browser: texts of ours, never what a request said."""

from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from typing import Final

_STYLE: Final = (
    ":root{color-scheme:light dark;font:1.1rem/1.5 system-ui,sans-serif}"
    "body{max-width:34rem;margin:15vh auto;padding:0 1.5rem}h1{font-size:1.5rem}"
)
_HASH: Final = b64encode(sha256(_STYLE.encode()).digest()).decode()

HEADERS: Final = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none';"
        " frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@dataclass(frozen=True)
class Page:
    """A page with its HTTP status."""

    status: int
    title: str
    text: str

    @property
    def html(self) -> bytes:
        """The page as it is sent."""
        title = escape(self.title)
        return (
            f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
            '<meta name="viewport" content="width=device-width">'
            f"<style>{_STYLE}</style><h1>{title}</h1><p>{escape(self.text)}</p></html>\n"
        ).encode()


LOGGED_IN: Final = Page(200, "You are logged in", "You can close this tab.")
FAILED: Final = Page(200, "The login failed", "The terminal says why. You can close this tab.")
OPENED_BEFORE: Final = Page(
    409,
    "This login was opened before",
    "Continue in the tab that opened it. If that was not you, press Ctrl-C in the terminal and"
    " rerun the same command.",
)
ANSWERED_BEFORE: Final = Page(
    409, "This login is over", "It was answered in another tab, or before. You can close this tab."
)
OTHER_LOGIN: Final = Page(
    400,
    "This is another login",
    "The login that waits on this machine did not request this. Continue in the tab that it"
    " opened.",
)
NOT_HERE: Final = Page(404, "Not found", "This address belongs to no step of a login.")
REFUSED: Final = Page(403, "Not from here", "Only a browser tab of this machine can log in here.")
WRONG_METHOD: Final = Page(405, "Not this way", "A login only opens pages.")
