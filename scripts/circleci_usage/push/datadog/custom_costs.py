"""A Custom Costs file → Datadog, in place of what was sent for its days before.

Datadog adds files up: a cost in two of them counts twice. So every file of ours that covers days of
the new one is deleted before the new one is sent. A file that covers other days too, or is not
ours, is a reason to stop. After an interruption in between, costs are missing until the next push,
but never counted twice.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from http import HTTPStatus
from typing import Any, Final

from datadog_api_client import ApiClient
from datadog_api_client.v2.api.cloud_cost_management_api import CloudCostManagementApi

from circleci_usage.core.errors import ServiceError, SettingsError
from circleci_usage.core.periods import Period
from circleci_usage.core.plurals import counted
from circleci_usage.core.progress import Progress
from circleci_usage.cost_files.custom_costs_lines import MARK, PROVIDER
from circleci_usage.push.datadog.connection import DatadogRefusedError, DatadogSession
from circleci_usage.push.datadog.cost_file import CostFile
from circleci_usage.push.datadog.sent_costs import SentCosts, SentFile

_PERMISSION: Final = "the permissions cloud_cost_management_read and cloud_cost_management_write"
_PAGE: Final = 100
_MOST_PAGES: Final = 100

_ID: Final = re.compile(r"[0-9A-Za-z_-]{1,100}")
"""What can be one piece of a path and nothing else in it."""


@dataclass(frozen=True)
class Replacement:
    """What sending a file means.

    Attributes:
        file: the file to send.
        obsolete: the ids of our files whose days it covers; they are deleted first.
        is_there: Datadog has exactly this file, so there is nothing to do.
    """

    file: CostFile
    obsolete: tuple[str, ...]
    is_there: bool


def plan_replacement(datadog: DatadogSession, file: CostFile, sent: SentCosts) -> Replacement:
    """Find out what Datadog has for the days of a file, without changing anything.

    Raises:
        SettingsError: another file covers some of the days and cannot be replaced by this one.
        AccessError: the application key is not allowed to read files.
        ServiceError: Datadog cannot tell now.
    """
    on_record = {id_: one for id_, one in sent.files().items() if one.site == datadog.site.name}
    obsolete = {id_ for id_, one in on_record.items() if file.period.covers(one.period)}
    listed = _listed(datadog)
    for id_, period in listed.items():
        if id_ not in obsolete and file.period.overlaps(period):
            _refuse_unless_ours(datadog, id_, period, file.period)
            obsolete.add(id_)
    same = {id_ for id_, one in on_record.items() if one.checksum == file.checksum}
    is_there = len(obsolete) == 1 and obsolete <= same.intersection(listed)
    return Replacement(file, tuple(sorted(obsolete)), is_there)


def replace_costs(
    datadog: DatadogSession, replacement: Replacement, sent: SentCosts, progress: Progress
) -> None:
    """Delete what is obsolete, then send the file and put it on record.

    Raises:
        AccessError: the application key is not allowed to.
        ServiceError: Datadog cannot do it now, or rejects the file.
        SettingsError: the store is not writable.
        UnfinishedError: the disk is full.
    """
    if replacement.is_there:
        progress.detail("Datadog already has exactly these Custom Costs.")
        return
    for id_ in replacement.obsolete:
        _delete(datadog, id_)
        sent.change(forget=[id_])
    file = replacement.file
    if file.lines:
        first, last = file.period.first.isoformat(), file.period.last.isoformat()
        record = SentFile(datadog.site.name, first, last, file.checksum)
        sent.change(add={_upload(datadog, file): record})


def _upload(datadog: DatadogSession, file: CostFile) -> str:
    def upload(client: ApiClient) -> object:
        body: Any = file.body()
        return CloudCostManagementApi(client).upload_custom_costs_file(body)

    try:
        # Not repeatable: if the first attempt did arrive, the file would be there twice.
        return _id(datadog.call(upload, permission=_PERMISSION, repeatable=False)["data"])
    except DatadogRefusedError as error:
        raise _failed("rejected the Custom Costs file", error) from None
    except ServiceError as error:
        raise ServiceError(
            f"{error} It is unknown whether the Custom Costs of {file.period} arrived. Rerun the"
            " same command; this is safe, whatever arrived is found and replaced."
        ) from None
    except (KeyError, TypeError, ValueError):
        raise ServiceError(
            "Datadog's response has no id for the Custom Costs file; rerun the same command."
        ) from None


def _delete(datadog: DatadogSession, id_: str) -> None:
    try:
        datadog.call(
            lambda client: CloudCostManagementApi(client).delete_custom_costs_file(id_),
            permission=_PERMISSION,
        )
    except DatadogRefusedError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise _failed(f"did not delete the Custom Costs file {id_}", error) from None


def _listed(datadog: DatadogSession) -> dict[str, Period]:
    """All files of the provider: id → days of its costs."""
    found: dict[str, Period | None] = {}
    # Whether the first page is 0 or 1 is not documented. Without a number it is the first; from 1
    # on, both ways of counting lead to the last one.
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
        f"Datadog lists only {len(found)} of {counted(total, 'Custom Costs file')}. Try again"
        " later."
    )


def _page(datadog: DatadogSession, number: int) -> tuple[dict[str, Period | None], int]:
    """Some of the files, and how many there are in total; a file that failed has no days."""

    def read(client: ApiClient) -> object:
        numbered: dict[str, Any] = {"page_number": number} if number else {}
        api = CloudCostManagementApi(client)
        return api.list_custom_costs_files(filter_provider=[PROVIDER], page_size=_PAGE, **numbered)

    try:
        page = datadog.call(read, permission=_PERMISSION)
        files = {_id(file): _days(file["attributes"].get("charge_period")) for file in page["data"]}
        return files, int(page["meta"]["total_filtered_count"])
    except DatadogRefusedError as error:
        raise _failed("does not list its Custom Costs files", error) from None
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, OSError):
        raise ServiceError(
            "Datadog's list of Custom Costs files is in an unknown format."
        ) from None


def _id(described: dict[str, object]) -> str:
    id_ = described["id"]
    if not isinstance(id_, str) or not _ID.fullmatch(id_):
        raise ValueError
    return id_


def _days(charged: dict[str, float] | None) -> Period | None:
    """A charge period of the list, the midnights of its first and its last day in ms → its days.

    {"start": 1772323200000, "end": 1772409600000} → 2026-03-01 to 2026-03-02
    """
    if not charged:
        return None
    return Period.of_days(_day(charged["start"]), _day(charged["end"]))


def _day(milliseconds: float) -> date:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).date()


def _refuse_unless_ours(datadog: DatadogSession, id_: str, days: Period, period: Period) -> None:
    """Make sure that a file can be replaced by one of the period."""
    if not period.covers(days):
        raise SettingsError(
            f"Datadog has a Custom Costs file of CircleCI for {days} ({id_}), and the report is for"
            f" {period}: its days would count twice. Report on a period that covers the whole file,"
            " or delete it in Datadog."
        )
    if not _has_mark(datadog, id_):
        raise SettingsError(
            f"Datadog has a Custom Costs file of CircleCI for {days} ({id_}) that was not sent by"
            " circleci-usage: its days would count twice. Delete it in Datadog if it is not needed,"
            " or leave out --custom-costs."
        )


def _has_mark(datadog: DatadogSession, id_: str) -> bool:
    """Whether every line of a file has our tag; True for a file that is gone by now."""

    def read(client: ApiClient) -> object:
        return CloudCostManagementApi(client).get_custom_costs_file(id_)

    key, value = MARK
    try:
        file = datadog.call(read, permission=_PERMISSION)
        lines = file["data"]["attributes"]["content"]
        return bool(lines) and all(line["Tags"].get(key) == value for line in lines)
    except DatadogRefusedError as error:
        if error.status == HTTPStatus.NOT_FOUND:
            return True
        raise _failed(f"does not show the Custom Costs file {id_}", error) from None
    except (KeyError, TypeError, AttributeError):
        return False


def _failed(what: str, error: DatadogRefusedError) -> ServiceError:
    return ServiceError(f"Datadog {what} {error.explanation}.")
