"""The ledger: at most once, whatever happens in between."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circleci_usage.core.errors import DataError, UnfinishedError
from circleci_usage.notify.ledger import LEDGER_NAME, Ledger, key_of

PARTS = st.lists(st.none() | st.text(max_size=4), max_size=4)


@given(one=PARTS, other=PARTS)
def test_different_things_have_different_keys(one: list[str], other: list[str]) -> None:
    assert (key_of(*one) == key_of(*other)) == (one == other)


def test_what_was_sent_is_known_to_the_next_run(tmp_path: Path) -> None:
    store = tmp_path / "store"
    with Ledger.opened(store) as ledger:
        ledger.begin("finance", ["a", "b", "c"])
        ledger.finish("finance", ["a"])
        ledger.forget("finance", ["b", "a"])
        ledger.leave_unclear("finance", ["c"])

    with Ledger.opened(store) as ledger:
        assert [ledger.has("finance", key) for key in "abc"] == [True, False, True]
        assert not ledger.has("payments", "a")
        assert ledger.settle_interrupted() == ()
    assert (store / ".gitignore").read_text() == "*\n"


def test_a_killed_run_is_not_repeated(tmp_path: Path) -> None:
    program = (
        "import os, signal; from pathlib import Path;"
        "from circleci_usage.notify.ledger import Ledger\n"
        f"with Ledger.opened(Path({str(tmp_path)!r})) as ledger:\n"
        "    ledger.begin('finance', ['a'])\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )

    killed = subprocess.run([sys.executable, "-c", program], env=os.environ, check=False)

    assert killed.returncode == -signal.SIGKILL
    with Ledger.opened(tmp_path) as ledger:
        assert ledger.settle_interrupted() == ("finance",)
        assert ledger.has("finance", "a")
        assert ledger.settle_interrupted() == ()


def test_two_runs_do_not_send_at_once(tmp_path: Path) -> None:
    busy = pytest.raises(UnfinishedError, match="is using the store")
    with Ledger.opened(tmp_path), busy, Ledger.opened(tmp_path):
        pass


DAMAGED = {
    "nothing": "",
    "no JSON": "{",
    "another version": json.dumps({"version": 2, "sent": {}}),
    "a list": "[]",
    "another state": json.dumps({"version": 1, "sent": {"finance": {"a": "lost"}}}),
    "no names": json.dumps({"version": 1, "sent": ["finance"]}),
    "nested": "[" * 100_000,
}


@pytest.mark.parametrize("text", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_ledger_is_not_taken_for_an_empty_one(tmp_path: Path, text: str) -> None:
    (tmp_path / LEDGER_NAME).write_text(text)

    with pytest.raises(DataError, match="is damaged, so it is not known what was sent"):
        Ledger(tmp_path / LEDGER_NAME)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text(json.dumps({"version": 1, "sent": {}}))
    (tmp_path / LEDGER_NAME).symlink_to(tmp_path / "elsewhere")

    with pytest.raises(DataError, match="cannot be read"):
        Ledger(tmp_path / LEDGER_NAME)
