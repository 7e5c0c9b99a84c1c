"""One authorization request, and what is said about redirects that are not its own."""

from pydantic import SecretStr

from circleci_usage.login.authorization import AuthorizationRequest, redirect_uri

PORT = 50123
URI = redirect_uri(PORT)
STATE, CODE = "state-0123456789", "code-0123456789"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
"""That of RFC 7636, appendix B."""
REQUEST = AuthorizationRequest("client", URI, SecretStr(STATE), SecretStr(VERIFIER))

OTHER_STATE = (
    "The redirect belongs to another login: the state does not match. Use the browser tab that"
    " this login opened, or the address that it printed."
)
AMBIGUOUS = "The redirect is ambiguous or too long, as none of CircleCI's is; it was ignored."
