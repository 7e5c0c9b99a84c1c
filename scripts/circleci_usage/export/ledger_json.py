"""The ledger as JSON: its formats, and what is said about a newer or damaged one."""

from dataclasses import replace
from typing import Final

from pydantic import TypeAdapter, ValidationError

from circleci_usage.core.errors import DataError, SettingsError
from circleci_usage.core.untrusted_text import inert
from circleci_usage.export.ledger import Ledger, State

_LEDGER: Final = TypeAdapter(Ledger)
_VERSIONED: Final = TypeAdapter(dict[str, object])

_FORMAT: Final = 1
_WITH_PRUNED_WINDOWS: Final = 2
"""The format of a ledger with pruned windows, which earlier versions would take for damage."""

LEDGER_VERSION: Final = _WITH_PRUNED_WINDOWS
"""The newest format that is understood."""


def dump(ledger: Ledger) -> str:
    """Ledger → readable JSON, in the oldest format that can say it."""
    is_older = not ledger.in_state(State.PRUNED)
    dated = replace(ledger, version=_FORMAT if is_older else _WITH_PRUNED_WINDOWS)
    return _LEDGER.dump_json(dated, indent=2, exclude_none=True, by_alias=True).decode() + "\n"


def load(text: str, where: object) -> Ledger:
    """JSON → ledger.

    Args:
        text: what `dump` wrote.
        where: the file that it came from, for the messages.

    Raises:
        SettingsError: a newer version of this program wrote it.
        DataError: it is not a ledger.
    """
    try:
        version = _VERSIONED.validate_json(text).get("version")
        if isinstance(version, int) and version > LEDGER_VERSION:
            raise SettingsError(
                f"{where} was written by a newer circleci-usage (ledger version {version}; this one"
                f" supports {LEDGER_VERSION}); upgrade circleci-usage, or use another --store."
            )
        return _LEDGER.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(key) for key in first["loc"]) or "the file"
        raise DataError(
            f"{where} is damaged ({inert(place)}: {inert(first['msg'])}); restore a good copy of"
            " the store, or delete the folder to start over."
        ) from None
