"""What an OAuth server may answer instead of a client id or a token; one table per subject."""

import json
from typing import Final

TOKEN: Final = "ccipat_issued_0123456789abcdef"
ESCAPES: Final = "\x1b[2J\x1b]0;owned\x07\u202e\r\n$ Password: \x9b31m"
ABSENT: Final = object()
"""In place of a member that is left out."""

_MIB = 1 << 20

CLIENT_IDS: dict[str, object] = {
    "none": {},
    "an empty list": [],
    "a list of all": ["client_id"],
    "null alone": None,
    "a text": "client_id",
    "null": {"client_id": None},
    "a number": {"client_id": 1},
    "a list": {"client_id": ["a"]},
    "empty": {"client_id": ""},
    "long": {"client_id": "a" * 513},
    "escapes": {"client_id": ESCAPES},
    "right to left": {"client_id": "\u202e"},
    "a line break": {"client_id": "a\n"},
    "a space": {"client_id": "a b"},
}
"""Registrations without a usable client id."""

TOKENS: dict[str, object] = {
    "absent": ABSENT,
    "a line break": f"{TOKEN}\nX-Evil: a",
    "a header": f"{TOKEN}\r\nHost: evil",
    "a carriage return": f"{TOKEN}\r",
    "a line end": f"{TOKEN}\n",
    "escapes": f"{TOKEN}{ESCAPES}",
    "C1 controls": f"{TOKEN}\x9b2J",
    "a zero byte": f"{TOKEN}\0",
    "a space": f"{TOKEN} --evil",
    "a space at the end": f"{TOKEN} ",
    "words before": f"a b {TOKEN}",
    "a quote": f'{TOKEN}"',
    "a backslash": f"{TOKEN}\\",
    "other letters": f"{TOKEN}é",
    "right to left": f"\u202e{TOKEN}",
    "a surrogate": f"{TOKEN}\ud800",
    "empty": "",
    "a little too long": "x" * 4097,
    "long": "a" * 5000,
    "a number": 12345678,
    "null": None,
    "true": True,
    "a list": [TOKEN],
    "an object": {"token": TOKEN},
}
"""Texts and values that no request can carry as a token."""

MEMBERS: dict[str, dict[str, object]] = {
    "no type": {"token_type": ABSENT},
    "null as type": {"token_type": None},
    "another type": {"token_type": "mac"},
    "a type with proofs": {"token_type": "DPoP"},
    "a list as type": {"token_type": ["Bearer"]},
    "an error too": {"error": "invalid_request"},
    "no error": {"error": None},
    "an error that is a list": {"error": [[]]},
    "an error that is an object": {"error": {}},
}
"""Changes of a response with a token, after which it is not about a bearer token."""

LIFETIMES: dict[str, str] = {
    **{text: text for text in ("0", "-1", "1.5", "3600.0", "31622401", "null", "true")},
    **{text: text for text in ("1e999", "-1e999", "NaN", "Infinity", "[]", "[3600]", "{}")},
    **{text: text for text in ('{"seconds": 1}', '"a"', '""', '"soon"', '"3600"', '" 1"')},
    "escapes": '"\\u001b[2J"',
    "wide digits": '"\\uff11"',
    "19 digits": "1" + "0" * 18,
    "400 digits": "9" * 400,
}
"""JSON values of a lifetime that are nonsense."""

BODIES: dict[str, bytes] = {
    "nothing": b"",
    "a list": b"[]",
    "a name": b'["access_token"]',
    "a list with a token": json.dumps([{"access_token": TOKEN, "token_type": "Bearer"}]).encode(),
    "null": b"null",
    "a tag": b"<html>",
    "a page": b"<!doctype html><title>Sign in</title><script>alert(1)</script>",
    "no UTF-8": b"\xff",
    "no JSON": b"{",
    "half a response": f'{{"access_token": "{TOKEN}", "token_type": "Bearer"'.encode(),
    "deep lists": b"[" * 200_000,
    "deep objects": b'{"a":' * 100_000,
    "a huge number": b'{"access_token": ' + b"9" * 100_000 + b"}",
    "a lifetime beyond all": (
        f'{{"access_token": "{TOKEN}", "token_type": "Bearer", "expires_in": {"9" * 5000}}}'
    ).encode(),
    "a form": f"access_token={TOKEN}&token_type=Bearer".encode(),
    "a bomb": b'{"access_token": "' + b"a" * (2 * _MIB) + b'"}',
    "UTF-16": json.dumps({"access_token": TOKEN, "token_type": "Bearer"}).encode("utf-16"),
    "surrogates": b'{"message": "\\ud800\\udfff\\ud800", "error": "\\udcff"}',
    "escapes": json.dumps({"message": ESCAPES, "error": ESCAPES}).encode(),
}
"""Bodies that are no answer to anything."""
