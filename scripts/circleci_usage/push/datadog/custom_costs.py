"""A Custom Costs file → Datadog, in the place of what was sent for its days before.

Files add up there: what is in two of them counts twice. So every file of ours that covers days of the new one is
deleted before the new one is sent, and a file that covers other days too, or is not ours, is a reason to stop. If it is
stopped in between, costs are missing until the next run, but never doubled.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

from datadog_api_client import ApiClient
from datadog_api_client.v2.api.cloud_cost_management_api import CloudCostManagementApi

from circleci_usage.core.errors import ServiceError, SettingsError
from circleci_usage.core.periods import Period
from circleci_usage.core.plurals import counted
from circleci_usage.core.progress import Progress
from circleci_usage.cost_files.custom_costs_lines import MARK, PROVIDER
from circleci_usage.push.datadog.connection import Datadog, DatadogRefusedError
from circleci_usage.push.datadog.cost_file import CostFile
from circleci_usage.push.datadog.sent_costs import CostMemory, SentFile

_RIGHT: Final = "the permissions cloud_cost_management_read and cloud_cost_management_write"
_PAGE: Final = 100
_MOST_PAGES: Final = 100

_ID: Final = re.compile(r"[0-9A-Za-z_-]{1,100}")
"""What can be a piece of a path and nothing else in it."""


@dataclass(frozen=True)
class Replacement:
    """What sending a file means.

    Attributes:
        file: what is to be sent.
        obsolete: the ids of our files whose days it covers; they go first.
        is_there: Datadog has exactly this file, so that there is nothing to do.
    """

    file: CostFile
    obsolete: tuple[str, ...]
    is_there: bool


def plan_replacement(datadog: Datadog, file: CostFile, memory: CostMemory) -> Replacement:
    """See what Datadog has for the days of a file, without changing anything.

    Raises:
        SettingsError: another file covers some of the days and cannot be replaced by this one.
        AccessError: the application key may not look.
        ServiceError: Datadog cannot say now.
    """
    known = {id_: sent for id_, sent in memory.files().items() if sent.site == datadog.site.name}
    obsolete = {id_ for id_, sent in known.items() if file.period.covers(sent.period)}
    listed = _listed(datadog)
    for id_, period in listed.items():
        if id_ not in obsolete and file.period.overlaps(period):
            _refuse_unless_ours(datadog, id_, period, file.period)
            obsolete.add(id_)
    (only,) = obsolete if len(obsolete) == 1 else (None,)
    is_there = only in listed and only in known and known[only].checksum == file.checksum
    return Replacement(file, tuple(sorted(obsolete)), is_there)


def replace(
    datadog: Datadog, replacement: Replacement, memory: CostMemory, progress: Progress
) -> None:
    """Delete what is obsolete, then send the file and remember it.

    Raises:
        AccessError: the application key may not.
        ServiceError: Datadog cannot do it now, or refuses the file.
        SettingsError: the store cannot be written to.
        UnfinishedError: the disk is full.
    """
    if replacement.is_there:
        progress.detail("Datadog has exactly these Custom Costs already.")
        return
    for id_ in replacement.obsolete:
        _delete(datadog, id_)
        memory.change(forget=[id_])
    file = replacement.file
    if file.lines:
        sent = SentFile(
            datadog.site.name,
            file.period.first.isoformat(),
            file.period.last.isoformat(),
            file.checksum,
        )
        memory.change(add={_upload(datadog, file): sent})


def _upload(datadog: Datadog, file: CostFile) -> str:
    def upload(client: ApiClient) -> object:
        body: Any = file.body()
        return CloudCostManagementApi(client).upload_custom_costs_file(body)

    try:
        # Never again without knowing: whatever arrived the first time would be there twice.
        return _id(datadog.call(upload, right=_RIGHT, repeatable=False)["data"])
    except DatadogRefusedError as error:
        raise _failed("refuses the Custom Costs file", error) from None
    except ServiceError as error:
        raise ServiceError(
            f"{error} Nobody knows whether the Custom Costs of {file.period} arrived. Run the same command again: what"
            " did arrive is found and replaced."
        ) from None
    except (KeyError, TypeError, ValueError):
        raise ServiceError(
            "Datadog does not say what it calls the Custom Costs file; run the same command again."
        ) from None


def _delete(datadog: Datadog, id_: str) -> None:
    try:
        datadog.call(
            lambda client: CloudCostManagementApi(client).delete_custom_costs_file(id_),
            right=_RIGHT,
        )
    except DatadogRefusedError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise _failed(f"does not delete the Custom Costs file {id_}", error) from None


def _listed(datadog: Datadog) -> dict[str, Period]:
    """All files of the provider: id → days of its costs."""
    found: dict[str, Period | None] = {}
    # Whether the first page is 0 or 1 is not documented. Without a number it is the first; from 1 on, both ways of
    # counting lead to the last one.
    found_before = -1
    for number in range(_MOST_PAGES):
        files, total = _page(datadog, number)
        found |= files
        if len(found) >= total:
            return {id_: days for id_, days in found.items() if days}
        if number * _PAGE >= total or (number > 1 and len(found) == found_before):
            break
        found_before = len(found)
    raise ServiceError(
        f"Datadog lists only {len(found)} of {counted(total, 'Custom Costs file')}. Try again later."
    )


def _page(datadog: Datadog, number: int) -> tuple[dict[str, Period | None], int]:
    """Some of the files, and how many there are; one that failed has no days."""

    def ask(client: ApiClient) -> object:
        numbered: dict[str, Any] = {"page_number": number} if number else {}
        api = CloudCostManagementApi(client)
        return api.list_custom_costs_files(filter_provider=[PROVIDER], page_size=_PAGE, **numbered)

    try:
        answer = datadog.call(ask, right=_RIGHT)
        files = {
            _id(file): _days(file["attributes"].get("charge_period")) for file in answer["data"]
        }
        return files, int(answer["meta"]["total_filtered_count"])
    except DatadogRefusedError as error:
        raise _failed("does not list its Custom Costs files", error) from None
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, OSError):
        raise ServiceError(
            "Datadog lists its Custom Costs files in a way that is not understood."
        ) from None


def _id(described: dict[str, object]) -> str:
    id_ = described["id"]
    if not isinstance(id_, str) or not _ID.fullmatch(id_):
        raise ValueError
    return id_


def _days(charged: dict[str, float] | None) -> Period | None:
    """A charge period as the list gives it: the midnights that its first and its last day begin with, in ms."""
    if not charged:
        return None
    return Period.of_days(
        *(datetime.fromtimestamp(charged[end] / 1000, UTC).date() for end in ("start", "end"))
    )


def _refuse_unless_ours(datadog: Datadog, id_: str, days: Period, period: Period) -> None:
    """See that a file can be replaced by one of the period."""
    if not period.covers(days):
        raise SettingsError(
            f"Datadog has a Custom Costs file of CircleCI for {days} ({id_}), and the report is of {period}: its days"
            " would count twice. Report on a period that covers the whole file, or delete it in Datadog."
        )
    if not _has_mark(datadog, id_):
        raise SettingsError(
            f"Datadog has a Custom Costs file of CircleCI for {days} ({id_}) that circleci-usage did not send: its days"
            " would count twice. Delete it in Datadog if it is not needed, or leave out --custom-costs."
        )


def _has_mark(datadog: Datadog, id_: str) -> bool:
    """Whether every line of a file has our tag; a file that is gone by now is nobody's."""
    try:
        answer = datadog.call(
            lambda client: CloudCostManagementApi(client).get_custom_costs_file(id_), right=_RIGHT
        )
        lines = answer["data"]["attributes"]["content"]
        key, value = MARK
        return bool(lines) and all(line["Tags"].get(key) == value for line in lines)
    except DatadogRefusedError as error:
        if error.status == HTTPStatus.NOT_FOUND:
            return True
        raise _failed(f"does not show the Custom Costs file {id_}", error) from None
    except (KeyError, TypeError, AttributeError):
        return False


def _failed(what: str, error: DatadogRefusedError) -> ServiceError:
    said = f": {error.reason}" if error.reason else ""
    return ServiceError(f"Datadog {what} ({error.status}){said}.")
