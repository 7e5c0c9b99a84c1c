"""Sample job runs for the tests: a valid row with every column, to change one thing at a time."""

from decimal import Decimal

from circleci_usage.schema.export_columns import CREDIT_COLUMNS, EXPORT_COLUMNS, NULL_MARKS

Row = tuple[str, ...]

DEFAULTS = {
    "ORGANIZATION_ID": "11111111-0000-4000-8000-000000000001",
    "ORGANIZATION_NAME": "acme",
    "PROJECT_ID": "22222222-0000-4000-8000-000000000001",
    "PROJECT_NAME": "web",
    "VCS_URL": "https://github.com/acme/web",
    "PIPELINE_CREATED_AT": "2026-03-02 08:00:00.000",
    "WORKFLOW_NAME": "build",
    "JOB_NAME": "test",
    "JOB_RUN_DATE": "2026-03-02",
    "JOB_BUILD_STATUS": "success",
    "RESOURCE_CLASS": "medium",
    "OPERATING_SYSTEM": "linux",
    "EXECUTOR": "docker",
    "PARALLELISM": "1",
    "JOB_RUN_SECONDS": "60",
}


def job_run(compute: str = "10", *, total: str | None = None, **changes: str) -> Row:
    """A row in the order of EXPORT_COLUMNS; by default the total is the sum of the credit types."""
    fields = {**dict.fromkeys(EXPORT_COLUMNS, NULL_MARKS[1]), **DEFAULTS}
    fields |= dict.fromkeys(CREDIT_COLUMNS.values(), "0") | {"COMPUTE_CREDITS": compute} | changes
    types = [fields[column] for column in CREDIT_COLUMNS.values()]
    fields["TOTAL_CREDITS"] = (
        total if total is not None else str(sum(Decimal(credits) for credits in types))
    )
    return tuple(fields[column] for column in EXPORT_COLUMNS)
