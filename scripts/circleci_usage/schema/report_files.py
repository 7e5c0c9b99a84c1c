"""What the files, folders and tables of a report are called, said once.

They stand this far down because reading usage has to recognize a report folder among its input
(its merged rows are no new usage), and because analyses name the tables that are read back.
"""

from typing import Final

SCHEMA_VERSION: Final = 2
"""Of the report folder: raised when a key or a column changes its meaning or goes away."""

REPORT_FOLDER: Final = "usage-report"
"""Where a report goes unless something else is said, and the orb's folder of artifacts."""

PAGE_NAME: Final = "index.html"
EXPLORER_NAME: Final = "explore.html"
SUMMARY_NAME: Final = "summary.json"
SUMMARY_TEXT_NAME: Final = "summary.md"
SLACK_NAME: Final = "slack.json"
EMAIL_NAME: Final = "email.html"
METRICS_NAME: Final = "metrics.prom"
MERGED_NAME: Final = "merged.csv.gz"
FOCUS_NAME: Final = "focus.csv"
FOCUS_GZIP_NAME: Final = "focus.csv.gz"

TABLES_FOLDER: Final = "tables"
CHARTS_FOLDER: Final = "charts"
PROJECT_CHARTS_FOLDER: Final = "charts/projects"
COST_BY_DAY: Final = "cost-by-day"
"""The name of the files of a chart, which the page links to."""
COST_FILES_FOLDER: Final = "exports"
TEAMS_FOLDER: Final = "teams"
"""The reports on the parts of teams, each in a folder of its own."""

FROM_TEAM_FOLDER: Final = "../../"
"""The way from such a folder to the files of the whole."""

UNFINISHED_FOLDER: Final = ".unfinished"
"""How the name of the folder begins in which a report is made."""

OWN_FILES_NAME: Final = ".report-files"
"""The list of the files of a report, by which the next report knows what it may replace."""

CUBE: Final = "cube"
"""The table of all dimensions at once."""

PRICING: Final = "pricing"
"""The table of the credits that were charged at each price."""

CHARGEBACK: Final = "chargeback"
"""The table of what each team is charged: month, team, tags of the settings file, amounts."""

DAILY_CHARGES: Final = "daily_charges"
"""The table of credits and cost per day, for programs that read reports back."""

DAILY_RUNS: Final = "daily_runs"
"""The table of job runs per day, for programs that read reports back."""


def table_file(name: str) -> str:
    """The path of a table in the report folder.

    >>> table_file("projects")
    'tables/projects.csv'
    """
    return f"{TABLES_FOLDER}/{name}.csv"


def team_page(folder: str) -> str:
    """The path of the page of a team in the report folder.

    >>> team_page("payments")
    'teams/payments/index.html'
    """
    return f"{TEAMS_FOLDER}/{folder}/{PAGE_NAME}"


FOCUS_VERSIONS: Final = ("1.2", "1.4")
"""Versions of FOCUS that focus.csv can have; the first is the default."""

AUTO: Final = "auto"

BY_JOB: Final = "job"
"""Cost files by workflow, job, resource class, executor, branch group, status and trigger."""

FOCUS_MOST_LINES: Final = 1_000_000
"""About 900 MB, by job 1.2 GB; with more lines per day, `AUTO` is per month."""

COST_TOOLS: Final = ("vantage", "finout", "doit", "datadog-costs")
"""Tools that files can be written for."""

FOCUS_DETAILS: Final = ("day", BY_JOB)
"""What focus.csv and files for other tools tell apart on a day; the first is the default."""

GRAINS: Final = (AUTO, "day", "month")
"""What a line of focus.csv covers; `AUTO` is a day, unless the file would have too many lines."""
