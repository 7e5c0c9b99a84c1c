"""Wrong flags, values, commands and variables: what is wrong, and what to do. Exit code 2."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from commandline import circleci_usage
from inprocess import run_here

TOKEN = "CCIPAT_0123456789_abcdef"
KEY = "0123456789abcdef" * 2
ACME = {"CIRCLECI_API_TOKEN": KEY, "ORG_ID": "gh/acme"}


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def usage_error(*arguments: str, env: Mapping[str, str] | None = None) -> str:
    """The message of a command that ends with exit code 2."""
    done = run_here(*arguments, cwd=Path(), env=env or {})
    assert (done.code, done.out) == (2, "")
    return done.err.removeprefix("Error: ")


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("stats", "circleci-usage has no command 'stats'; did you mean status? The commands are "),
        ("bogus", "circleci-usage has no command 'bogus'; the commands are "),
        ("push datadgo", "circleci-usage push has no command 'datadgo'; did you mean datadog?"),
        ("status --perod x", "circleci-usage status has no option --perod; did you mean --period?"),
        (
            "run --start-date x",
            "circleci-usage run has no option --start-date; did you mean --from?",
        ),
        ("run --output-dir x", "has no option --output-dir; did you mean --output?"),
        ("run --org x", "has no option --org; did you mean --org-id?"),
        ("run --bogus", "has no option --bogus; see `circleci-usage run --help`."),
        ("run -period x", "has no option -p (long options begin with two dashes); see `"),
        ("run last-week", "circleci-usage run: unexpected argument 'last-week'; see `circleci"),
        ("run --period", "--period needs a value; add one, or leave --period out."),
        ("run --no-merged=true", "--no-merged takes no value; write it alone."),
        ("run --poll-seconds abc", "--poll-seconds: 'abc' is not a number; write one such as 15."),
        ("run --poll-seconds nan", "--poll-seconds is nan; set a number of seconds between 0 and"),
        ("run --max-store-size 1.5", "--max-store-size: '1.5' is not a whole number; write one"),
        ("run --max-ratio 0", "--max-ratio: '0' is too small; the least is 1."),
        ("run --max-ratio 99999999999", "is too large; the most is 1,000,000,000."),
        ("run --max-wait soon", "--max-wait: 'soon' is not a valid duration; write 90m, 1h30m"),
        (
            "report x --engine sprak",
            "--engine sprak: invalid value; did you mean spark? Choose from polars, spark.",
        ),
        ("status --period last-wek", "--period last-wek: invalid value; did you mean last-week?"),
        ("status --period this-month", "--period this-month: invalid value; did you mean month-to"),
        ("demo --period someday", "--period someday: invalid value; choose from yesterday, last-"),
        ("push datadog --mode snap", "--mode snap: invalid value; did you mean snapshot? Choose "),
        ("push datadog --tags jobs", "Unknown tag 'jobs'; did you mean job? --tags accepts "),
        ("datadog-dashboard datadgo", "Dashboard datadgo: invalid value; did you mean datadog?"),
        (
            "report x --export-for vantage,finuot",
            "--export-for finuot: invalid value; did you mean finout? Choose from vantage, ",
        ),
        ("report x --focus-grain dayly", "--focus-grain dayly: invalid value; did you mean day?"),
        ("report x --focus-detail jobs", "--focus-detail jobs: invalid value; did you mean job?"),
        ("report x --focus-version 1.3", "--focus-version 1.3: invalid value; did you mean 1.4?"),
        (
            "report x --price-per-credit 0,0006",
            "'0,0006' is not a valid price per credit; write it as in 0.0006, with a decimal",
        ),
        ("report x --price-per-credit $0.0006", "write it as in 0.0006, without a currency;"),
        ("report x --price-per-credit 1e999", "has more than 20 digits before the decimal point"),
    ],
)
def test_a_wrong_flag_is_answered_with_the_right_one(command: str, message: str) -> None:
    assert message in usage_error(*command.split())


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("POLL_SECONDS", "abc", "POLL_SECONDS: 'abc' is not a number; write one such as 15."),
        ("POLL_SECONDS", "-1", "POLL_SECONDS is -1; set a number of seconds between 0 and"),
        ("MERGE_USAGE_REPORTS", "maybe", "MERGE_USAGE_REPORTS: 'maybe' is neither true nor false"),
        ("SEND_TO_DATADOG", "maybe", "SEND_TO_DATADOG: 'maybe' is neither true nor false"),
        ("ALLOW_INSECURE", "maybe", "ALLOW_INSECURE: 'maybe' is neither true nor false"),
        ("MAX_WAIT", "soon", "MAX_WAIT: 'soon' is not a valid duration"),
        ("MAX_STORE_SIZE", "big", "MAX_STORE_SIZE: 'big' is not a whole number"),
        ("MAX_STORE_SIZE", "0", "MAX_STORE_SIZE: '0' is too small; the least is 1."),
        ("MAX_RATIO", "x", "MAX_RATIO: 'x' is not a whole number"),
        ("PERIOD", "last-wek", "PERIOD last-wek: invalid value; did you mean last-week?"),
        ("PERIOD", "last-0-days", "PERIOD last-0-days: the N of last-N-days must be a whole numb"),
        ("START_DATE", "soon", "START_DATE: 'soon' is not a date; write it as YYYY-MM-DD"),
        ("PRICE_PER_CREDIT", "cheap", "PRICE_PER_CREDIT: 'cheap' is not a valid price per credit"),
        ("ORG_ID", "a/b/c/d", "ORG_ID: 'a/b/c/d' is not an organization;"),
        ("STORE_DIR", "s3://b/x", "STORE_DIR: s3:/b/x is not a local directory; name one"),
        ("OUTPUT_DIR", "s3://b/x", "OUTPUT_DIR: s3:/b/x is not a local directory; name one"),
        ("USAGE_CONFIG", "nowhere.yml", "The settings file nowhere.yml cannot be read"),
        ("DATADOG_SITE", "datadog.eu", "Unknown Datadog site 'datadog.eu'; set DATADOG_SITE or"),
    ],
)
def test_a_wrong_variable_is_named(variable: str, value: str, message: str) -> None:
    env = ACME | {"DATADOG_API_KEY": KEY, "SEND_TO_DATADOG": "1", variable: value}
    assert message in usage_error("run", env=env)


@pytest.mark.parametrize("value", ['"2026-10-01"', "'2026-10-01'", '""'])
def test_quotes_that_an_env_file_keeps_are_to_be_removed(value: str) -> None:
    message = usage_error("run", env=ACME | {"START_DATE": value})
    assert message.startswith("START_DATE is in quotes, which are part of its value here; remove")


@pytest.mark.parametrize(
    ("arguments", "env", "message"),
    [
        (
            ["--from", "2026-11-01"],
            {"END_DATE": "2026-10-01"},
            "--from 2026-11-01 is later than END_DATE 2026-10-01; change one of them.",
        ),
        (
            ["--to", "2026-09-01"],
            {"START_DATE": "2026-10-01"},
            "START_DATE 2026-10-01 is later than --to 2026-09-01; change one of them.",
        ),
        (
            [],
            {"START_DATE": "2026-10-01", "END_DATE": "2026-09-01"},
            "START_DATE 2026-10-01 is later than END_DATE 2026-09-01",
        ),
        ([], {"END_DATE": "2026-09-01"}, "END_DATE 2026-09-01, but no start date; set --from or"),
        (["--to", "2026-09-01"], {}, "--to 2026-09-01, but no start date; set --from or"),
    ],
)
def test_dates_that_disagree_are_named_as_they_were_written(
    arguments: list[str], env: Mapping[str, str], message: str
) -> None:
    assert message in usage_error("status", *arguments, env=env)


EVERY_VARIABLE = [
    "ORG_ID",
    "START_DATE",
    "END_DATE",
    "PERIOD",
    "PRICE_PER_CREDIT",
    "USAGE_CONFIG",
    "STORE_DIR",
    "OUTPUT_DIR",
    "MERGE_USAGE_REPORTS",
    "TEAM_REPORTS",
    "FOCUS_DETAIL",
    "SEND_TO_DATADOG",
    "DATADOG_SITE",
    "DD_SITE",
    "POLL_SECONDS",
    "MAX_WAIT",
    "MAX_STORE_SIZE",
    "MAX_RATIO",
    "CIRCLECI_URL",
    "DATADOG_URL",
    "ALLOW_INSECURE",
    "DATADOG_API_KEY",
    "DD_API_KEY",
    "CIRCLE_TOKEN",
]


@pytest.mark.parametrize("nothing", ["", " "])
def test_an_empty_variable_is_not_set(nothing: str, tmp_path: Path) -> None:
    env = dict.fromkeys(EVERY_VARIABLE, nothing)
    without = circleci_usage("run", cwd=tmp_path, env=env)
    assert (without.code, "No CircleCI API token is set" in without.err) == (2, True)
    env["CIRCLECI_API_TOKEN"] = KEY
    with_token = circleci_usage("run", cwd=tmp_path, env=env)
    assert (with_token.code, "No organization is set" in with_token.err) == (2, True)


@pytest.mark.parametrize(
    ("flag", "variable"),
    [
        ("--token", "CIRCLECI_API_TOKEN"),
        ("--circle-token", "CIRCLECI_API_TOKEN"),
        ("--api-token", "CIRCLECI_API_TOKEN"),
        ("--password", "CIRCLECI_API_TOKEN"),
        ("--api-key", "DATADOG_API_KEY"),
        ("--dd_api_key", "DATADOG_API_KEY"),
        ("--app-key", "DATADOG_APP_KEY"),
        ("--datadog-application-key", "DATADOG_APP_KEY"),
    ],
)
def test_a_secret_is_never_a_flag_and_never_shown(flag: str, variable: str) -> None:
    for arguments in ([flag, TOKEN, "run"], ["run", flag, TOKEN], ["run", f"{flag}={TOKEN}"]):
        message = usage_error(*arguments)
        assert f"{flag}: secrets are never flags" in message
        assert f"set the environment variable {variable} instead." in message
        assert TOKEN not in message


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", TOKEN],
        ["run", "--max-ratio", TOKEN],
        ["run", f"CIRCLECI_API_TOKEN={'x' * 12}"],
        [TOKEN],
        ["status", "--period", TOKEN],
        ["run", "--org-id", f"{TOKEN}/:"],
        ["run", "--max-wait", TOKEN],
        ["run", "--price-per-credit", TOKEN],
        ["run", TOKEN.lower()],
        ["run", "--max-wait", TOKEN.lower()],
    ],
)
def test_a_secret_in_a_wrong_place_is_not_shown(arguments: list[str], tmp_path: Path) -> None:
    done = run_here(*arguments, cwd=tmp_path, env=ACME)
    assert done.code == 2
    assert "***" in done.err or " holds a token, not " in done.err
    assert TOKEN not in done.err
    assert "x" * 12 not in done.err
    assert TOKEN.lower() not in done.err
    as_json = run_here(*arguments, "--json", cwd=tmp_path, env=ACME)
    assert TOKEN.lower() not in (as_json.err + as_json.out).lower()


@pytest.mark.parametrize(
    ("variable", "flag", "expected"),
    [
        ("ORG_ID", "--org-id", "an organization"),
        ("CIRCLE_ORGANIZATION_ID", "--org-id", "an organization"),
        ("USAGE_CONFIG", "--config", "a path"),
        ("STORE_DIR", "--store", "a path"),
        ("START_DATE", "--from", "a date"),
        ("PERIOD", "--period", "a name"),
        ("CIRCLECI_URL", "--circleci-url", "a URL"),
        ("DATADOG_SITE", "--datadog-site", "a site"),
    ],
)
@pytest.mark.parametrize("token", [TOKEN, TOKEN.lower()])
def test_a_token_is_no_other_value(variable: str, flag: str, expected: str, token: str) -> None:
    secret = {"CIRCLECI_API_TOKEN": KEY}
    advice = f"holds a token, not {expected}; put the token into the environment variable CIRCLECI"
    by_variable = usage_error("run", env=secret | {variable: token})
    by_flag = usage_error("run", flag, token, env=secret)
    assert f"{variable} {advice}" in by_variable
    assert f"{flag} {advice}" in by_flag
    assert token not in by_variable + by_flag


@pytest.mark.parametrize("flag", ["--period", "--from", "--to", "--price-per-credit"])
def test_an_empty_flag_is_refused(flag: str) -> None:
    message = usage_error("run", f"{flag}=", env=ACME)
    assert message.startswith(f"{flag} is empty; give it a value, or omit {flag}. Is a variable")


@pytest.mark.parametrize("days", ["0", "-3", "999999", "x", "N"])
def test_a_number_of_days_is_answered_with_its_range(days: str) -> None:
    message = usage_error("status", f"--period=last-{days}-days")
    assert "must be a whole number from 1 to 999; write it as in last-30-days." in message


def test_a_wrong_flag_of_a_push_names_the_push(tmp_path: Path) -> None:
    done = run_here("push", "datadog", "--json", cwd=tmp_path, env={})
    assert " push datadog has no option --json" in done.err
    assert json.loads(done.out)["command"] == "push datadog"


def test_an_error_is_one_line_at_any_width(tmp_path: Path) -> None:
    done = run_here("run", "--perod", "x", cwd=tmp_path, env={"COLUMNS": "20"})
    assert (done.code, done.out) == (2, "")
    assert done.err.count("\n") == 1
    assert done.err.startswith("Error: ")
