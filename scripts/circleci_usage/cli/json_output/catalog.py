"""The catalog of the `--json` documents: every key, nested ones too.

`docs/json-output.md` is made from it, and the tests hold the documents to it.
"""

from collections.abc import Mapping
from typing import Final

from circleci_usage.cli.json_output.estimate_members import ESTIMATE
from circleci_usage.cli.json_output.optimize_members import OPTIMIZE
from circleci_usage.core.plurals import enumerated
from circleci_usage.report_folder.budgets_json import BUDGET
from circleci_usage.report_folder.columns import (
    Column,
    count,
    credit_amount,
    day,
    exact,
    money,
    share,
    text,
    yes_no,
)
from circleci_usage.report_folder.documentation import GENERATED, key_table
from circleci_usage.report_folder.summary_catalog import OVERVIEW, SCHEMA_VERSION_KEY
from circleci_usage.report_folder.summary_keys import (
    DAYS,
    SummaryKey,
    list_key,
    object_key,
    plain_keys,
    texts_key,
)
from circleci_usage.report_folder.team_tables import UNALLOCATED_COSTS


def _moment(name: str, meaning: str) -> Column:
    return Column(name, "moment", "", meaning)


_EXIT_CODE: Final = "Exit code of the command, as in the README."

HEAD: Final = (
    SCHEMA_VERSION_KEY,
    *plain_keys(
        text("command", "The command; null where none was recognized."),
        count("exit_code", "", _EXIT_CODE),
    ),
    object_key(
        "error",
        "Why the command failed; null where it did not.",
        text("message", "What is wrong and what to do, as on standard error."),
    ),
    texts_key("warnings", "Every warning, as on standard error."),
)
"""The keys of every document."""

_FOLDER: Final = text("folder", "Path of the report folder.")

_REPORT: Final = (
    object_key(
        "report",
        "Where the report is.",
        _FOLDER,
        text("page", "Path of the page."),
        text("summary", "Path of `summary.json`, which has all numbers."),
        text("url", "URL of the page among the artifacts of a CircleCI job; null elsewhere."),
    ),
    *(key for key in OVERVIEW if key.column.name != "link"),
)

_WINDOW: Final = (
    *DAYS,
    text(
        "state",
        "`fetched`; `pruned`: its files are removed, its facts are kept; `requested`: CircleCI is"
        " preparing it; `failed`; `unclear`.",
    ),
    yes_no("complete", "Whether all its days are complete and all its files are there."),
    day("complete_through", "Last day whose data are complete; null where none is."),
    yes_no("files_missing", "Whether files of it are missing, so it is downloaded again."),
    texts_key("organizations", "IDs of the organizations whose usage it has."),
    _moment("requested_at", "When it was requested."),
    _moment("fetched_at", "When its last file was verified; null before that."),
    count("job_runs", "job runs", "Job runs in its files, or in those that were pruned."),
    count("files", "files", "Its files."),
    count("bytes", "bytes", "Size of its files, compressed."),
    text("error", "Why it failed; null where it did not."),
)

_EXPORT: Final = object_key(
    "export",
    "What the store has of the exported days.",
    text("store", "Path of the store."),
    texts_key("organizations", "IDs of the exported organizations."),
    *DAYS,
    day("complete_through", "Last day whose data are complete; null where the first one is not."),
    list_key("windows", "Windows with these days.", *_WINDOW),
    texts_key("parts", "Paths of their files."),
)

_DATADOG: Final = object_key(
    "datadog",
    "What was sent to Datadog.",
    text("summary", "What was sent, in a sentence."),
    only="with `--datadog`",
)

_CHECKED: Final = (
    object_key("report", "The report that was checked.", _FOLDER),
    *plain_keys(
        text("currency", "Currency of all money, as in ISO 4217."),
        yes_no("forecast", "Whether `--forecast` was given."),
    ),
    list_key(
        "budgets",
        "Budgets and their status, with the keys of `summary.json`.",
        *BUDGET,
        yes_no("exceeded", "Whether it makes the command exit with 10."),
    ),
)

_CHECKS: Final = list_key(
    "checks",
    "The checks in their order.",
    text("name", "What was checked."),
    yes_no("ok", "Whether there is nothing to fix, as far as it is known."),
    yes_no("known", "Whether the check came to a result."),
    text("message", "What was found, or what to fix."),
    count("exit_code", "", "0, or the exit code of this error."),
    text("source", "Where the token comes from, in its check only."),
    day("expires", "Last day of the token, as far as it is known, in its check only."),
)

_STATUS: Final = (
    object_key(
        "store",
        "The store.",
        text("folder", "Path of the store."),
        count("job_runs", "job runs", "Job runs in fetched windows."),
        count("bytes", "bytes", "Size of all files, compressed."),
        list_key("windows", "Windows in the order of their days.", *_WINDOW),
        list_key("facts_only", "Days whose files were pruned and whose facts are kept.", *DAYS),
        list_key("facts_lost", "Days whose files were pruned and whose facts are lost.", *DAYS),
    ),
    object_key(
        "quota",
        "Export requests to CircleCI, as far as this store knows.",
        count("requests", "requests", "Requests in the past hour."),
        count("requests_per_hour", "requests", "Requests that CircleCI allows in an hour."),
        count("requests_left", "requests", "Requests that are possible now."),
        _moment("free_at", "When the next one is possible; null for now."),
    ),
    object_key(
        "next_run",
        "What `run` would do with the same settings.",
        object_key("period", "The days that it reports on.", *DAYS),
        object_key("export", "The days that it exports, those to compare with too.", *DAYS),
        texts_key("organizations", "IDs of the organizations, as far as they are known."),
        texts_key("unknown_organizations", "Slugs whose IDs it looks up first."),
        list_key(
            "to_request", "Days that it requests; null where that cannot be predicted.", *DAYS
        ),
        list_key("to_download", "Days that were requested earlier and are downloaded.", *DAYS),
    ),
)

_OF_ALL: Final = "without `--explain`"
_OF_ONE: Final = "with `--explain`"

_TEAMS: Final = (
    object_key("period", "The days.", *DAYS),
    *plain_keys(
        text("currency", "Currency of all money, as in ISO 4217."),
        money("cost", "Cost of everything.", _OF_ALL),
    ),
    object_key(
        "teams",
        "The teams, the most expensive first.",
        text("team", "Its name, or `unallocated`."),
        money("cost", "What it is charged."),
        money("direct", "Its own part of the cost."),
        money("shared", "Its share of shared costs."),
        share("share", "Share of the total cost; of the credits if nothing costs anything."),
        credit_amount("credits", "Credits used."),
        count("job_runs", "job runs", "Its job runs."),
        only=_OF_ALL,
        key_type="list",
    ),
    object_key(
        "unallocated",
        "What no team owns, by project.",
        *UNALLOCATED_COSTS.columns,
        only=_OF_ALL,
        key_type="list",
    ),
    SummaryKey(
        Column("names", "list of texts", "", "The projects or jobs with the name.", _OF_ONE)
    ),
    object_key(
        "parts",
        "What one entry of the settings file decides about them.",
        text("owner", "The team, `shared` or `unallocated`; of a split, the largest part's team."),
        text("entry", "The entry, as in `teams[0]`; null where none matches."),
        texts_key("reasons", "Why it is this one, and none of those before it."),
        list_key(
            "among",
            "The teams of a split; empty for others.",
            text("team", "Its name."),
            exact("percentage", "percent", "Its percentage."),
        ),
        texts_key("jobs", "Names of the jobs, the most expensive first."),
        credit_amount("credits", "Credits of the part."),
        money("cost", "Cost of the part; null where a part of the credits has no price."),
        share("share", "Share of the cost of these names; of the credits if they cost nothing."),
        only=_OF_ONE,
        key_type="list",
    ),
)

_WAREHOUSE: Final = object_key(
    "warehouse",
    "What was loaded, and the totals of the usage that it was loaded from.",
    text("destination", "The warehouse, without user, password and query of a URL."),
    *DAYS,
    count("job_runs", "job runs", "Job runs of the usage."),
    count("job_runs_loaded", "job runs", "Job runs that this load wrote."),
    count("windows_loaded", "windows", "Windows, or sets of files, that this load wrote."),
    count("windows_skipped", "windows", "Those that the warehouse had already."),
    texts_key("months_updated", "Months whose daily costs this load wrote, as in `2026-03`."),
    credit_amount("credits", "Credits of the usage."),
    credit_amount("unpriced_credits", "Credits whose price is not known."),
    money("cost", "What is charged, after included credits."),
    text("currency", "Currency of the cost, as in ISO 4217."),
)

_NOTIFIED: Final = (
    object_key("report", "The report that was read.", _FOLDER),
    *plain_keys(yes_no("dry_run", "Whether `--dry-run` was given.")),
    list_key(
        "notifications",
        "Messages that were due, in the order of the settings file.",
        text("name", "The notification's name."),
        text("team", "The team whose part it is; null for everything."),
        text("kind", "`alerts` or `report`."),
        text("title", "The title, which is the subject of an e-mail."),
        text("destination", "Where it goes, without a secret."),
        text("state", "`sent`; `failed`; `unclear`: it may have arrived; `due` in a dry run."),
    ),
)

DOCUMENTS: Final[Mapping[str, tuple[SummaryKey, ...]]] = {
    "report": _REPORT,
    "demo": _REPORT,
    "run": (*_REPORT, _EXPORT, _DATADOG),
    "check": _CHECKED,
    "teams": _TEAMS,
    "estimate": ESTIMATE,
    "optimize": OPTIMIZE,
    "load": (_WAREHOUSE,),
    "notify": _NOTIFIED,
    "status": _STATUS,
    "doctor": (_CHECKS,),
}
"""Each command with `--json` and the keys that its document has besides `HEAD`."""

_LIKE_REPORT: Final = "report"
_AS_REPORT: Final = f"The keys of [`{_LIKE_REPORT}`](#{_LIKE_REPORT})"

_INTRO: Final = """\
# JSON output

With `--json`, these commands print exactly one JSON document to standard output, and nothing else
there: {commands}. Progress, warnings and errors go to
standard error, as they do without it; `--quiet` hides the progress.

```sh
circleci-usage check --json | jq --raw-output '.budgets[] | "\\(.state) \\(.name)"'
```

- The document is also printed when the command fails, also for a wrong flag. Then `error` has the
  message, and the keys that the command had not reached are absent. A `run` whose report is written
  but not sent to Datadog has `report` and `error`.
- Exit codes 10 and 11 of `check`, 10 of `estimate` and what `doctor` finds are results: `error` is
  null.
- After Ctrl-C or SIGTERM, `error` says what is kept. A process that is killed, or ended while it
  starts, prints nothing.
- `schema_version` is raised when a key changes its meaning or goes away; new keys may come at any
  time.
- **decimal**: a string with all digits, so no parser rounds it. **integer** is a JSON number.
- **day**: a UTC day, as in `"2026-03-31"`. Both ends of a period are part of it. **moment**: in
  UTC, as in `"2026-03-31T18:05:00Z"`.
- Paths are absolute. What is not known is `null`, also where a meaning below says that it is empty.
- Names come from the export and may contain anything. The document is ASCII: all else is escaped.
"""


def json_markdown() -> str:
    """docs/json-output.md: every document with every key.

    >>> "| `budgets[].state` | text |" in json_markdown()
    True
    """
    commands = enumerated(f"`{name}`" for name in DOCUMENTS)
    parts = [GENERATED, _INTRO.format(commands=commands), "## Every document\n", key_table(HEAD)]
    for command, keys in DOCUMENTS.items():
        further = keys[len(_REPORT) :]
        if command == _LIKE_REPORT or keys[: len(_REPORT)] != _REPORT:
            parts += [f"## {command}\n", key_table(keys)]
        elif further:
            parts += [f"## {command}\n", f"{_AS_REPORT}, and:\n", key_table(further)]
        else:
            parts += [f"## {command}\n", f"{_AS_REPORT}.\n"]
    return "\n".join(parts)
