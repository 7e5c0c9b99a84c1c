"""The consent page of the stand-in's OAuth server: which program asks, and what it may do."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from jinja2 import Environment

from circleci_usage.demo.company.projects import SampleOrganization
from circleci_usage.demo.standin.authorization import ConsentRequest
from circleci_usage.demo.standin.messages import Response
from circleci_usage.demo.standin.oauth_messages import NO_STORE
from circleci_usage.demo.standin.rules import ACCESS_LEVELS

_PAGE: Final = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string("""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Authorize a program – mock CircleCI</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 32rem; margin: 3rem auto; padding: 0 1rem }
h1 { font-size: 1.3rem; overflow-wrap: anywhere }
fieldset { margin: 1rem 0; border: 1px solid #bbb; border-radius: 4px }
label { display: block }
button { font: inherit; padding: .4rem 1.2rem; margin-right: .5rem }
</style>
</head>
<body>
<h1><bdi>{{ request.client.name }}</bdi> requests access to your CircleCI account</h1>
<p>This is a mock CircleCI. If you allow it, your browser goes to
<code>{{ request.redirect_uri }}</code>.</p>
<form method="post" action="/oauth/authorize">
<input type="hidden" name="consent" value="{{ consent }}">
<fieldset>
<legend>Access level</legend>
{% for level in levels %}
<label><input type="radio" name="level" id="level-{{ level }}" value="{{ level }}"
{%- if loop.first %} checked{% endif %}> {{ level.title() }}</label>
{% endfor %}
</fieldset>
<fieldset>
<legend>Organizations</legend>
{% for one in organizations %}
<label><input type="checkbox" name="organization" id="organization-{{ one.id }}"
 value="{{ one.id }}" checked> {{ one.name }}</label>
{% endfor %}
</fieldset>
<button name="decision" id="allow" value="allow">Allow</button>
<button name="decision" id="deny" value="deny">Deny</button>
</form>
</body>
</html>
""")


def consent_page(
    request: ConsentRequest, consent: str, organizations: Iterable[SampleOrganization]
) -> Response:
    """The page with its form.

    Args:
        request: what a program asks for.
        consent: the secret of this page, without which nobody can send its form.
        organizations: what the person can choose.
    """
    html = _PAGE.render(
        request=request, consent=consent, levels=ACCESS_LEVELS, organizations=organizations
    )
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": _policy(request.redirect_uri),
        "X-Frame-Options": "DENY",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        **NO_STORE,
    }
    return Response(HTTPStatus.OK, headers, html.encode())


def _policy(redirect_uri: str) -> str:
    """Browsers hold the redirect that follows a form to `form-action` as well."""
    host = urlsplit(redirect_uri).netloc
    # A policy has no way to write an IPv6 address.
    redirect = "http:" if host.startswith("[") else f"http://{host}"
    return (
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none';"
        f" form-action 'self' {redirect}"
    )
