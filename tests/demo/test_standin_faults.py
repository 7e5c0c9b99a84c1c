"""The stand-in for CircleCI: its faults are real ones."""

import gzip
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime

import pytest
import requests

from circleci_usage.demo.clock import DEMO_NOW, PinnedClock
from circleci_usage.demo.standin import faults
from circleci_usage.demo.standin.messages import Request, Response
from circleci_usage.demo.standin.standin import StandIn
from standin_client import COMPANY, Client, rows_of


@pytest.fixture
def circleci() -> Iterator[StandIn]:
    with StandIn(COMPANY, PinnedClock()) as running:
        yield running


@pytest.fixture
def client(circleci: StandIn) -> Iterator[Client]:
    with requests.Session() as session:
        yield Client(circleci, session)


# Faults


@pytest.mark.parametrize("fault", [faults.Reset(), faults.HangUp()])
def test_a_connection_can_break_off_before_the_request_is_done(
    client: Client, fault: faults.Fault
) -> None:
    client.circleci.faults = faults.in_turn([fault])
    with pytest.raises(requests.ConnectionError, match=r"reset|closed"):
        client.post()
    assert client.circleci.calls[-1].status == 0
    client.circleci.posts_per_hour = 1
    assert client.post().status_code == 201


@pytest.mark.parametrize("fault", [faults.Reset(done=True), faults.HangUp(done=True)])
def test_an_answer_can_get_lost_after_the_request_is_done(
    client: Client, fault: faults.Fault
) -> None:
    client.circleci.posts_per_hour = 1
    client.circleci.faults = faults.in_turn([fault])
    with pytest.raises(requests.ConnectionError, match=r"reset|closed"):
        client.post()
    assert client.post().status_code == 429


def test_an_answer_can_stay_away(circleci: StandIn) -> None:
    circleci.faults = faults.in_turn([faults.Stall()])
    with pytest.raises(requests.ReadTimeout):
        requests.get(f"{circleci.url}/api/v2/me/collaborations", timeout=0.05)


def test_the_end_does_not_wait_for_clients_that_do() -> None:
    with (
        StandIn(COMPANY, PinnedClock(), faults=lambda _: faults.Stall()) as circleci,
        requests.Session() as session,
    ):
        with pytest.raises(requests.ReadTimeout):
            session.get(circleci.url, timeout=0.05)
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(session.get, circleci.url, timeout=30)
            while len(circleci.calls) < 2:
                pass
            circleci.__exit__()
            with pytest.raises(requests.ConnectionError):
                waiting.result()
    with pytest.raises(requests.ConnectionError):
        requests.get(circleci.url, timeout=5)


def test_a_body_can_end_early(client: Client) -> None:
    (url,) = client.urls()
    client.circleci.faults = faults.in_turn([faults.Truncate(100)])
    with client.session.get(url, stream=True, timeout=5) as answer:
        assert int(answer.headers["Content-Length"]) > 100
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            _ = answer.content
    assert len(rows_of(client.download(url).content)) > 100


def test_bytes_of_a_body_can_be_wrong(client: Client) -> None:
    (url,) = client.urls()
    sound = client.download(url).content
    client.circleci.faults = faults.in_turn([faults.Corrupt(-5)])
    damaged = client.download(url).content
    assert [
        n - len(sound)
        for n, (one, two) in enumerate(zip(sound, damaged, strict=True))
        if one != two
    ] == [-5]
    with pytest.raises(gzip.BadGzipFile):
        gzip.decompress(damaged)


def test_a_body_can_arrive_in_tiny_pieces(client: Client) -> None:
    client.circleci.faults = faults.in_turn([faults.Trickle(3)])
    assert len(client.call("GET", "/me/collaborations").json()) == 3


def test_an_answer_can_be_another_one(client: Client) -> None:
    client.contracts = ()
    client.circleci.faults = faults.in_turn(
        [
            faults.error_response(503, "Busy.", Retry_After="7"),
            faults.HTML_PAGE,
            faults.Retouch({"Content-Type": "x/y"}, 418),
        ]
    )
    busy, page, odd, sound = (client.call("GET", "/me/collaborations") for _ in range(4))
    assert (busy.status_code, busy.headers["Retry-After"], busy.json()) == (
        503,
        "7",
        {"message": "Busy."},
    )
    assert (page.status_code, page.headers["Content-Type"], page.text[:15]) == (
        200,
        "text/html",
        "<!doctype html>",
    )
    assert (odd.status_code, odd.headers["Content-Type"], odd.json()) == (418, "x/y", sound.json())


def test_a_large_body_can_be_sent_in_pieces(circleci: StandIn) -> None:
    pieces = Response(200, {"Content-Length": "3000000"}, (bytes(1_000_000) for _ in range(3)))
    circleci.faults = faults.in_turn([faults.Instead(pieces)])
    assert requests.get(circleci.download_url, timeout=5).content == bytes(3_000_000)


def test_faults_can_be_chosen_by_request(client: Client) -> None:
    def only_downloads(request: Request) -> faults.Fault | None:
        return faults.error_response(500, "No.") if request.host == "download" else None

    client.circleci.faults = only_downloads
    (url,) = client.urls()
    assert client.download(url).status_code == 500


def test_a_client_that_goes_away_does_no_harm(client: Client) -> None:
    (url,) = client.urls()
    big = Response(200, {"Content-Length": "90000000"}, (bytes(1_000_000) for _ in range(90)))
    client.circleci.faults = faults.in_turn([faults.Instead(big)])
    requests.get(url, stream=True, timeout=5).close()
    assert client.download(url).status_code == 200


def test_the_date_of_an_answer_is_the_clock_s(client: Client) -> None:
    assert parsedate_to_datetime(client.post().headers["Date"]) == DEMO_NOW


def test_a_defect_of_the_stand_in_comes_to_light() -> None:
    def broken(_: Request) -> faults.Fault | None:
        raise ZeroDivisionError

    with (
        pytest.raises(ExceptionGroup, match="failed"),
        StandIn(COMPANY, PinnedClock(), faults=broken) as circleci,
        pytest.raises(requests.ConnectionError),
    ):
        requests.get(circleci.url, timeout=5)
