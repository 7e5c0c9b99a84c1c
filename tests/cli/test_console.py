"""The console: two streams, live lines on a terminal, a line a minute in a log."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from circleci_usage.cli.console import Console
from circleci_usage.core.progress import BYTES, Wait
from terminal import Stopwatch, terminal

NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
OCTOBER = Wait(
    subject="2026-10",
    state="processing",
    sentence="CircleCI is preparing 2026-10",
    since=NOON - timedelta(minutes=6),
    next_step="next poll",
    next_at=NOON + timedelta(minutes=1),
    until=NOON + timedelta(minutes=54),
)


def noon() -> datetime:
    return NOON


def show_everything(console: Console) -> None:
    console.say("[bold]a line[/bold]")
    console.detail("a detail")
    console.warn("a warning [x]")
    console.error("an error")
    with console.task("a download", 10, BYTES) as task:
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
    watch = Stopwatch()
    console = Console(quiet=True, verbose=True, timer=watch)
    show_everything(console)
    with console.task("Reading"), console.waiting(noon) as waiting:
        waiting.show(OCTOBER)
        watch.seconds += 600
        console.beat()

    shown = capsys.readouterr()
    assert shown.out == "a result [y]\n"
    assert shown.err == "Warning: a warning [x]\nError: an error\n"


# In a log.


def test_a_log_has_a_line_a_minute(capsys: pytest.CaptureFixture[str]) -> None:
    watch = Stopwatch()
    console = Console(timer=watch)
    shown_at = []
    with console.waiting(noon) as waiting:
        waiting.show(OCTOBER)
        for second in range(200):
            console.beat()
            if capsys.readouterr().err:
                shown_at.append(second)
            watch.seconds += 1

    assert shown_at == [30, 90, 150]


def test_a_log_says_what_is_waited_for(capsys: pytest.CaptureFixture[str]) -> None:
    watch = Stopwatch()
    console = Console(timer=watch)
    with console.waiting(noon) as waiting:
        waiting.show(OCTOBER, OCTOBER, Wait("2026-11", "waits for the quota", "no"), OCTOBER)
        watch.seconds += 60
        console.beat()

    assert capsys.readouterr().err == (
        "CircleCI is preparing 2026-10: requested 6 min ago, next poll at 12:01, waiting until"
        " 12:54 at most (UTC); 2 more: processing; 1 more: waits for the quota.\n"
    )


@pytest.mark.parametrize(
    ("minutes", "ago"),
    [(0, "less than a minute"), (1, "1 min"), (179, "179 min"), (185, "3 h"), (3000, "50 h")],
)
def test_a_log_says_since_when(minutes: int, ago: str, capsys: pytest.CaptureFixture[str]) -> None:
    watch = Stopwatch()
    console = Console(timer=watch)
    with console.waiting(noon) as waiting:
        waiting.show(replace(OCTOBER, since=NOON - timedelta(minutes=minutes)))
        watch.seconds += 60
        console.beat()

    assert f": requested {ago} ago, next poll" in capsys.readouterr().err


def test_a_log_says_how_far_downloads_are(capsys: pytest.CaptureFixture[str]) -> None:
    watch = Stopwatch()
    console = Console(timer=watch)
    with (
        console.waiting(noon),
        console.task("Downloading 2026-10, file 1", 100_000_000, BYTES, done=50_000_000) as first,
    ):
        first.advance(20_000_000)
        watch.seconds += 40
        console.beat()
        with console.task("Downloading 2026-10, file 2", 100_000_000, BYTES):
            watch.seconds += 60
            console.beat()

    assert capsys.readouterr().err.splitlines() == [
        "Downloading 2026-10, file 1: 70%, 70.0 of 100.0 MB, 0.5 MB/s, 1 min 0 s left.",
        (
            "Downloading 2026-10, file 1 and 1 more: 35%, 70.0 of 200.0 MB, 0.2 MB/s,"
            " 10 min 50 s left."
        ),
    ]


def test_a_log_says_how_long_a_stage_takes(capsys: pytest.CaptureFixture[str]) -> None:
    watch = Stopwatch()
    console = Console(timer=watch)
    with console.task("Reading 3 usage files (1,000.0 MB)"):
        watch.seconds += 70
        console.beat()
    with console.task("Sending to Datadog", 1_000, "points") as task:
        task.advance(250)
        watch.seconds += 60
        console.beat()

    assert capsys.readouterr().err.splitlines() == [
        "Reading 3 usage files (1,000.0 MB): 1 min 10 s so far.",
        "Sending to Datadog: 25%, 250 of 1,000 points, 3 min 0 s left.",
    ]


def test_what_is_quick_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    watch = Stopwatch()
    console = Console(timer=watch)
    for _ in range(5):
        console.say("done")
        with console.task("quick"):
            watch.seconds += 29
            console.beat()

    assert capsys.readouterr().err == "done\n" * 5


@pytest.mark.parametrize(("name", "value"), [("CI", "true"), ("TERM", "dumb")])
def test_a_terminal_that_nobody_sees_is_a_log(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = Stopwatch()
    with terminal(monkeypatch) as seen:
        monkeypatch.setenv(name, value)
        console = Console(timer=watch)
        with console.task("Reading"):
            watch.seconds += 30
            console.beat()
        assert seen.look() == ["Reading: 30 s so far."]
        assert "\x1b" not in seen.output


# On a terminal.


def test_a_terminal_has_a_line_per_window(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Stopwatch()
    with terminal(monkeypatch) as seen:
        console = Console(timer=watch)
        with console.waiting(noon) as waiting:
            quota = Wait("2026-09", "waits for the quota", "no", next_at=NOON)
            waiting.show(OCTOBER, quota)
            watch.seconds += 2
            console.beat()
            assert seen.look() == [
                "Waiting for  State                Elapsed  Next at  Until (UTC)",
                "2026-09      waits for the quota           12:00",
                "2026-10      processing           6 min    12:01    12:54",
            ]
        console.say("after")
        assert seen.look() == ["after"]
        assert seen.output.endswith("after\r\n")
        assert seen.output.rindex("\x1b[?25h") > seen.output.rindex("\x1b[?25l")


def test_messages_appear_above_the_live_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Stopwatch()
    with terminal(monkeypatch, columns=80) as seen:
        console = Console(timer=watch)
        with console.task("first [1]", 10_000_000, BYTES) as task, console.task("second"):
            task.advance(5_000_000)
            watch.seconds += 5
            console.beat()
            console.say("a message " * 10)
            console.warn("a warning")
            shown = seen.look()
            assert [line[:12].strip() for line in shown] == [
                "a message a",
                "a message a",
                "Warning: a w",
                "first [1]  ━",
                "second     -",
            ]
            assert shown[-2].endswith("50%, 5.0 of 10.0 MB, 1.0 MB/s, 5 s left")
            assert shown[-1].endswith("5 s so far")
        assert seen.look()[2:] == ["Warning: a warning"]


def test_a_terminal_shows_nothing_of_what_is_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Stopwatch()
    with terminal(monkeypatch) as seen:
        console = Console(timer=watch)
        for _ in range(5):
            with console.task("quick"):
                watch.seconds += 1.9
                console.beat()
        assert seen.look() == []
        assert seen.output == ""


def test_hostile_states_stay_inert_and_lines_fit_a_narrow_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    watch = Stopwatch()
    hostile = Wait("2026-10-01 to 2026-10-30", "[red]\x1b[2J\n" * 20, "x", since=NOON, next_at=NOON)
    with terminal(monkeypatch, columns=40) as seen:
        console = Console(timer=watch)
        with (
            console.waiting(noon) as waiting,
            console.task("Downloading 2026-10, file 12", 9, BYTES),
        ):
            waiting.show(hostile, OCTOBER)
            watch.seconds += 2
            console.beat()
            shown = seen.look()
            assert shown == [
                "2026-10          processing 6 min 12:01",
                "2026-10-01–10-30 [red]\\x1b… 0 min 12:00",
                "Downloading 2026-1…    0%, 0.0 of 0.0 MB",
            ]


def test_a_resized_terminal_begins_anew_below(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Stopwatch()
    with terminal(monkeypatch) as seen:
        console = Console(timer=watch)
        with console.task("Reading"):
            watch.seconds += 3
            console.beat()
            assert len(seen.look()) == 1
            seen.resize(50)
            console.beat()
            console.beat()
            assert [line.split()[0] for line in seen.look()] == ["Reading", "Reading"]


def test_no_color_has_live_lines_without_color(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Stopwatch()
    with terminal(monkeypatch) as seen:
        monkeypatch.setenv("NO_COLOR", "1")
        console = Console(timer=watch)
        with console.task("Reading", 10, BYTES):
            watch.seconds += 3
            console.beat()
            assert seen.look()[0].startswith("Reading")
        assert "\x1b[3" not in seen.output
