"""`init` as a user runs it."""

import json
import re
from pathlib import Path

import pytest
import yaml

from circleci_usage.config.settings_file import load_settings_file
from circleci_usage.demo.company.exportfile import write_part
from dialog import at_a_terminal
from inprocess import run_here
from recorded_store import Export, store_with
from rows import Row, job_run

FILE = ".circleci/usage.yml"


def rows() -> list[Row]:
    named = ("pay-api", "pay-web", "ios-app", "ios-kit", "handbook")
    return [
        job_run(str(900 - 100 * number), PROJECT_NAME=name, PROJECT_ID=name, JOB_ID=name)
        for number, name in enumerate(named)
    ]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with an export in it."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "exports").mkdir()
    write_part(tmp_path / "exports" / "part.csv.gz", rows())
    return tmp_path


def teams(file: Path) -> list[str]:
    return [team.name for team in load_settings_file(file).teams]


def test_the_file_is_written_and_the_job_is_the_result(project: Path) -> None:
    done = run_here("init", "exports", cwd=project)

    assert done.code == 0, done.err
    assert teams(project / FILE) == ["pay", "ios"]
    [job] = yaml.safe_load(done.out)["workflows"]["weekly-usage"]["jobs"]
    assert job == {
        "usage-exporter/usage_report": {"period": "last-week", "context": "circleci-usage"}
    }
    first, wrote, look, paste, schedule = done.err.splitlines()
    assert first.startswith("Reading 1 usage file")
    assert wrote == f"Wrote {project / FILE} with 2 teams."
    assert look.endswith("see the result: circleci-usage report exports")
    assert paste.startswith("2. Save the following as .circleci/config.yml.")
    assert schedule.startswith("3. Create a weekly schedule trigger")


def test_a_report_right_after_it_has_the_teams(project: Path) -> None:
    assert run_here("init", "exports", cwd=project).code == 0
    done = run_here("report", "exports", "--no-merged", cwd=project)

    assert done.code == 0, done.err
    assert "Warning" not in done.err
    summary = json.loads((project / "usage-report" / "summary.json").read_text())
    assert {line["team"]: line["credits"] for line in summary["by_team"]} == {
        "pay": "1700",
        "ios": "1300",
        "unallocated": "500",
    }


def test_the_store_is_read_without_files(tmp_path: Path) -> None:
    store_with(
        tmp_path / ".circleci-usage",
        Export("2026-02-01", "2026-03-31", "2026-04-02T13:00:00", [rows()]),
    )
    done = run_here("init", cwd=tmp_path)

    assert done.code == 0, done.err
    assert teams(tmp_path / FILE) == ["pay", "ios"]
    prose = (tmp_path / FILE).read_text().replace("\n# ", " ")
    assert "March 2026, the last full month, cost $2.10" in prose
    assert done.err.splitlines()[2].endswith(": circleci-usage report")


def test_without_usage_it_is_a_template_and_says_how_to_get_some(tmp_path: Path) -> None:
    done = run_here("init", cwd=tmp_path)

    assert done.code == 0, done.err
    assert "Warning: The store .circleci-usage has no usage to propose teams" in done.err
    assert "see the result: circleci-usage run" in done.err
    assert teams(tmp_path / FILE) == []


def test_an_export_without_job_runs_is_a_template_too(tmp_path: Path) -> None:
    write_part(tmp_path / "empty.csv.gz", [])
    done = run_here("init", "empty.csv.gz", cwd=tmp_path)

    assert done.code == 0, done.err
    assert "Warning: There are no job runs in it" in done.err
    assert teams(tmp_path / FILE) == []


def test_a_job_is_merged_into_a_configuration_that_exists(project: Path) -> None:
    config = project / ".circleci" / "config.yml"
    config.parent.mkdir()
    config.write_text("version: 2.1\n", encoding="utf-8")
    done = run_here("init", "exports", cwd=project)

    assert "2. Merge the following into .circleci/config.yml: the entries under orbs" in done.err
    assert config.read_text(encoding="utf-8") == "version: 2.1\n"


def test_a_store_that_is_named_must_exist(tmp_path: Path) -> None:
    done = run_here("init", "--store", "nosuch", cwd=tmp_path)

    assert (done.code, done.out) == (2, "")
    assert "nosuch" in done.err
    assert not (tmp_path / ".circleci").exists()


@pytest.mark.parametrize(
    ("name", "arguments"), [("usage.yml", ("exports",)), ("usage.yaml", ("--config", FILE))]
)
def test_a_settings_file_is_never_overwritten(
    project: Path, name: str, arguments: tuple[str, ...]
) -> None:
    file = project / ".circleci" / name
    file.parent.mkdir()
    file.write_text("currency: EUR\n")
    done = run_here("init", *arguments, cwd=project)

    assert (done.code, done.out) == (2, "")
    assert f"Error: .circleci/{name} already exists and is never overwritten." in done.err
    assert "--print" in done.err
    assert [each.name for each in file.parent.iterdir()] == [name]
    assert file.read_text() == "currency: EUR\n"


def test_a_link_is_not_followed_either(project: Path) -> None:
    (project / ".circleci").mkdir()
    (project / FILE).symlink_to(project / "elsewhere.yml")
    done = run_here("init", "exports", cwd=project)

    assert done.code == 2
    assert "already exists and is never overwritten" in done.err
    assert not (project / "elsewhere.yml").exists()


def test_below_the_root_of_a_repository_the_file_goes_to_its_root(project: Path) -> None:
    below = project / "services" / "api"
    below.mkdir(parents=True)
    first = run_here("init", "../../exports", cwd=below)
    again = run_here("init", "../../exports", cwd=below)

    assert first.code == 0, first.err
    assert teams(project / FILE) == ["pay", "ios"]
    assert again.code == 2
    assert f"{project / FILE} already exists" in again.err


def test_another_path_is_named_in_the_job_and_in_the_next_command(project: Path) -> None:
    done = run_here("init", "exports", "--config", "finance/costs.yml", cwd=project)

    assert done.code == 0, done.err
    assert teams(project / "finance" / "costs.yml") == ["pay", "ios"]
    [job] = yaml.safe_load(done.out)["workflows"]["weekly-usage"]["jobs"]
    assert job["usage-exporter/usage_report"]["config"] == "finance/costs.yml"
    assert "circleci-usage report exports --config finance/costs.yml" in done.err


def test_a_path_outside_of_the_repository_is_warned_about(project: Path, tmp_path: Path) -> None:
    (project / "repository" / ".git").mkdir(parents=True)
    done = run_here("init", "--config", "../costs.yml", cwd=project / "repository")

    assert done.code == 0, done.err
    assert "Warning: It is outside of the repository" in done.err


def test_print_writes_nothing(project: Path) -> None:
    printed = run_here("init", "exports", "--print", cwd=project)
    assert printed.code == 0, printed.err
    assert not (project / ".circleci").exists()

    assert run_here("init", "exports", cwd=project).code == 0
    assert (project / FILE).read_text() == printed.out
    assert run_here("init", "exports", "--print", cwd=project).out == printed.out


def test_what_is_printed_is_verbatim(tmp_path: Path) -> None:
    """Rich would turn `:smile:` into an emoji and take `[red]` for a style."""
    hostile = [
        job_run(PROJECT_NAME=f":smile:[red]-{part}", PROJECT_ID=part, JOB_ID=part) for part in "ab"
    ]
    write_part(tmp_path / "part.csv.gz", hostile)
    printed = run_here("init", "part.csv.gz", "--print", cwd=tmp_path)

    assert 'projects: [":smile:*"]' in printed.out
    assert '{name: ":smile"' in printed.out


def test_a_folder_that_cannot_be_written_to_is_an_error(project: Path) -> None:
    (project / ".circleci").write_text("a file, not a folder")
    done = run_here("init", "exports", cwd=project)

    assert (done.code, done.out) == (2, "")
    assert "usage.yml cannot be written" in done.err


def test_the_sample_company_is_used_on_request_only(tmp_path: Path) -> None:
    done = run_here("init", "--from-demo", cwd=tmp_path)

    assert done.code == 0, done.err
    assert teams(tmp_path / FILE)[:2] == ["ios", "ml"]
    assert "# SAMPLE: this is about the sample company" in (tmp_path / FILE).read_text()
    assert f"circleci-usage demo --config {FILE}" in done.err
    assert "org_id" not in done.out


def test_files_and_the_sample_company_exclude_each_other(project: Path) -> None:
    done = run_here("init", "exports", "--from-demo", cwd=project)

    assert done.code == 2
    assert "Give either files or --from-demo, not both." in done.err


def test_what_is_no_export_is_an_error_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / "notes.csv").write_text("a,b\n1,2\n")
    done = run_here("init", "notes.csv", cwd=tmp_path)

    assert done.code == 6
    assert "notes.csv" in done.err
    assert not (tmp_path / ".circleci").exists()


@pytest.mark.parametrize("price", ["abc", "-1"])
def test_a_wrong_price_is_an_error(project: Path, price: str) -> None:
    done = run_here("init", "exports", f"--price-per-credit={price}", cwd=project)

    assert done.code == 2
    assert "write it as in 0.0006" in done.err


def test_a_price_can_be_given_without_a_terminal(project: Path) -> None:
    done = run_here("init", "exports", "--price-per-credit", "0.0005", cwd=project)

    assert done.code == 0, done.err
    [period] = load_settings_file(project / FILE).pricing
    assert str(period.price_per_credit) == "0.0005"


def test_on_a_terminal_enter_accepts_everything(project: Path) -> None:
    done = at_a_terminal("init", "exports", answers=["\n", "\n"], cwd=project)

    assert done.code == 0, done.out
    assert "Price per credit in USD; Enter: CircleCI's list price (0.0006): " in done.out
    assert re.search(r"pay +pay-\* +48.6% +1,700 credits +2 projects", done.out)
    assert "Use these teams? You can change them later [y/n] (y): " in done.out
    assert teams(project / FILE) == ["pay", "ios"]
    assert load_settings_file(project / FILE).pricing == ()


def test_on_a_terminal_answers_decide(project: Path) -> None:
    done = at_a_terminal("init", "exports", answers=["free\n", "0.0005\n", "n\n"], cwd=project)

    assert done.code == 0, done.out
    assert "'free' is not a valid" in done.out
    assert teams(project / FILE) == []
    assert '# teams:\n#   - {name: pay, projects: ["pay-*"]}' in (project / FILE).read_text()
    [period] = load_settings_file(project / FILE).pricing
    assert str(period.price_per_credit) == "0.0005"


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        (["\x03"], "Error: Interrupted. Nothing was changed; rerun the same command."),
        (["\n", "\x03"], "Error: Interrupted. Nothing was changed; rerun the same command."),
        (["\x04"], "Error: The input ended before the answer. Nothing was written"),
    ],
)
def test_leaving_a_question_writes_nothing(project: Path, answers: list[str], message: str) -> None:
    done = at_a_terminal("init", "exports", answers=answers, cwd=project)

    assert done.code == 130, done.out
    assert message in done.out
    assert not (project / ".circleci").exists()


@pytest.mark.parametrize(("flags", "env"), [(("--yes",), {}), (("-q",), {}), ((), {"CI": "true"})])
def test_nothing_is_asked_where_nobody_answers(
    project: Path, flags: tuple[str, ...], env: dict[str, str]
) -> None:
    done = at_a_terminal("init", "exports", *flags, answers=[], cwd=project, env=env)

    assert done.code == 0, done.out
    assert "Price per credit" not in done.out
    assert teams(project / FILE) == ["pay", "ios"]
