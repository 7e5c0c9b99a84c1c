"""The table of dimensions agrees with the keys, the tables and the columns of the export."""

from collections.abc import Mapping

import pytest

from circleci_usage.analysis.breakdowns import BREAKDOWNS
from circleci_usage.analysis.daily_tables import COARSE, FINE
from circleci_usage.cost_files.charge_rows import ChargeRow
from circleci_usage.push.metrics import FINE_TAGS, TAGS
from circleci_usage.report_folder.summary import LISTS
from circleci_usage.schema.dimension import Dimension, Place
from circleci_usage.schema.dimensions import (
    BREAKDOWN_TABLES,
    DIMENSIONS,
    EXPORT_NAMES,
    IDENTITIES,
    KEY_IDENTITIES,
    names_in,
)
from circleci_usage.schema.export_columns import EXPORT_COLUMNS
from circleci_usage.schema.keys import (
    BranchKey,
    JobClassKey,
    JobKey,
    OrganizationKey,
    ProjectKey,
    WorkflowKey,
)
from circleci_usage.usage.aggregates import BRANCH_DIMENSIONS, DAILY_DIMENSIONS

NAMES = [dimension.name for dimension in DIMENSIONS]
KEYS = (OrganizationKey, ProjectKey, BranchKey, WorkflowKey, JobKey, JobClassKey)


def test_each_dimension_stands_in_the_table_once() -> None:
    assert len({*NAMES}) == len(NAMES)
    assert len({*EXPORT_NAMES.values()}) == len(EXPORT_NAMES)


@pytest.mark.parametrize("dimension", DIMENSIONS, ids=NAMES)
def test_each_dimension_is_documented_and_appears_somewhere(dimension: Dimension) -> None:
    assert dimension.label
    assert dimension.plural
    assert dimension.meaning.endswith((".", "…"))
    assert dimension.places


def test_dimensions_are_read_from_columns_of_the_export() -> None:
    assert {*EXPORT_NAMES.values()} <= {*EXPORT_COLUMNS}


def test_what_daily_usage_reads_is_in_the_export_or_derived_from_it() -> None:
    assert {*DAILY_DIMENSIONS, *BRANCH_DIMENSIONS} - {*EXPORT_NAMES} == {
        "branch_group",
        "user_group",
    }


@pytest.mark.parametrize("key", KEYS)
def test_fields_of_keys_are_dimensions(key: type[OrganizationKey]) -> None:
    assert {*key._fields} <= {*NAMES}


def test_ids_stand_before_the_names_they_identify() -> None:
    for name, identity in IDENTITIES.items():
        assert NAMES.index(identity) < NAMES.index(name)
    assert KEY_IDENTITIES == {"organization": "organization_id", "project": "project_id"}


def test_lines_of_breakdowns_are_named_by_dimensions() -> None:
    for table in BREAKDOWN_TABLES.values():
        assert {*table.keys} <= {*NAMES}
    assert [*BREAKDOWNS] == [*BREAKDOWN_TABLES]


def test_lists_of_the_summary_keep_their_order() -> None:
    assert [*LISTS] == [
        *("by_credit_type", "by_organization", "by_project", "by_workflow", "by_job"),
        *("by_resource_class", "by_executor", "by_status", "by_trigger", "by_team", "daily"),
    ]


PUBLISHED: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "daily tables": (FINE, ("date", *JobKey._fields, "resource_class", "team")),
    "daily tables of many jobs": (COARSE, ("date", *ProjectKey._fields, "team")),
    "charges": (
        names_in(Place.CHARGES),
        ("date", *ProjectKey._fields, "vcs_url", "team", "credit_type"),
    ),
    "Custom Costs": (
        names_in(Place.CUSTOM_COSTS),
        ("organization", "project", "team", "credit_type"),
    ),
    "tags": (
        TAGS,
        (
            *("organization", "project", "team", "credit_type", "currency"),
            *("workflow", "job", "resource_class", "branch"),
        ),
    ),
    "tags of jobs": (FINE_TAGS, ("workflow", "job", "resource_class")),
    "reserved tags": (names_in(Place.RESERVED), ("project", "team", "credit_type")),
}


@pytest.mark.parametrize("place", PUBLISHED)
def test_published_names_keep_their_order(place: str) -> None:
    found, published = PUBLISHED[place]
    assert found == published


def test_charges_of_cost_files_have_the_dimensions_of_charges() -> None:
    dimensions = names_in(Place.CHARGES)
    assert ChargeRow._fields[: len(dimensions)] == dimensions
