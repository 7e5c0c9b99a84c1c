import pytest

from circleci_usage.cli.console import Console


def show_everything(console: Console) -> None:
    console.say("[bold]a line[/bold]")
    console.detail("a detail")
    console.warn("a warning [x]")
    console.error("an error")
    with console.task("a download", 10) as task:
        task.advance(10)
    console.result("a result [y]")


def test_results_and_messages_are_separate_streams(capsys: pytest.CaptureFixture[str]) -> None:
    show_everything(Console())

    shown = capsys.readouterr()
    assert shown.out == "a result [y]\n"
    assert shown.err == "[bold]a line[/bold]\nWarning: a warning [x]\nError: an error\n"


def test_verbose_shows_details(capsys: pytest.CaptureFixture[str]) -> None:
    show_everything(Console(verbose=True))

    assert "a detail\n" in capsys.readouterr().err


def test_quiet_keeps_results_warnings_and_errors(capsys: pytest.CaptureFixture[str]) -> None:
    show_everything(Console(quiet=True, verbose=True))

    shown = capsys.readouterr()
    assert shown.out == "a result [y]\n"
    assert shown.err == "Warning: a warning [x]\nError: an error\n"


def test_tasks_side_by_side_share_the_last_line_of_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    console = Console()

    with console.task("first [1]", 10) as first, console.task("second", None) as second:
        first.advance(5)
        second.advance(5)
    console.say("after")

    shown = capsys.readouterr().err
    assert "first [1]" in shown
    assert "second" in shown
    assert shown.endswith("after\n")
