"""Files of registered clients that other programs, or none, have written."""

import json
import os
from collections.abc import Callable
from pathlib import Path

SOUND: dict[str, object] = {
    "app_url": "https://app.circleci.com",
    "name": "CircleCI Usage Exporter",
    "client_id": "id-1",
    "port": 50_001,
}
"""A client as it should be."""

WRONG_MEMBERS: dict[str, dict[str, object]] = {
    "no client id": {"client_id": ""},
    "two words as client id": {"client_id": "a b"},
    "a line end in the client id": {"client_id": "a\n"},
    "escapes in the client id": {"client_id": "\x1b[2J"},
    "a long client id": {"client_id": "x" * 513},
    "a number as client id": {"client_id": 1},
    "null as client id": {"client_id": None},
    "no port": {"port": 0},
    "the port of SSH": {"port": 22},
    "the port of the web": {"port": 80},
    "the last port of the system": {"port": 1024},
    "a port beyond all": {"port": 65_536},
    "a port far beyond all": {"port": 70_000},
    "a negative port": {"port": -1},
    "true as port": {"port": True},
    "a text as port": {"port": "50001"},
    "half a port": {"port": 50_001.5},
    "a huge port": {"port": 10**30},
    "null as address": {"app_url": None},
    "a list as name": {"name": ["a"]},
}
"""Changes after which a client counts as none."""

DAMAGED: dict[str, bytes] = {
    "nothing": b"",
    "half": b"{",
    "null": b"null",
    "a list": b"[]",
    "an empty object": b"{}",
    "clients that are null": b'{"clients": null}',
    "clients that are an object": b'{"clients": {}}',
    "a client that is a number": b'{"clients": [1]}',
    "no UTF-8": b"\xff\xfe",
    "zero bytes": b"\x00" * 100,
    "deep lists": b"[" * 100_000,
    "a megabyte of blanks": b'{"clients": []}' + b" " * (1 << 20),
    "two megabytes": b"a" * (2 << 20),
    **{
        name: json.dumps({"clients": [SOUND | changes]}).encode()
        for name, changes in WRONG_MEMBERS.items()
    },
}
"""Contents that count as none."""


def _device(place: Path) -> None:
    place.symlink_to("/dev/zero")


def _loop(place: Path) -> None:
    place.symlink_to(place)


def _link(place: Path) -> None:
    elsewhere = place.with_name("elsewhere.json")
    elsewhere.write_text(json.dumps({"clients": [SOUND]}))
    place.symlink_to(elsewhere)


NO_FILES: dict[str, Callable[[Path], None]] = {
    "a pipe": os.mkfifo,
    "a folder": Path.mkdir,
    "a device": _device,
    "a loop": _loop,
    "a link to a sound file": _link,
}
"""What makes something that is no file at a path."""
