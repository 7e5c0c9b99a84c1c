"""The file of registered clients: a convenience that may be lost, damaged or strange."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from circleci_usage.login.registrations import FILE_NAME, Registration, Registrations
from damaged_registrations import DAMAGED, NO_FILES, SOUND

APP, OTHER_APP = "https://app.circleci.com", "https://app.example.com"
KEPT, PRINTED = "CircleCI Usage Exporter", "CircleCI Usage Exporter (printed token)"


def client(app_url: str = APP, name: str = KEPT, number: int = 1) -> Registration:
    return Registration(app_url=app_url, name=name, client_id=f"id-{number}", port=50_000 + number)


@pytest.fixture
def registrations(tmp_path: Path) -> Registrations:
    return Registrations(tmp_path / "config" / "circleci-usage")


def test_a_client_of_the_tests_is_sound(registrations: Registrations) -> None:
    put(registrations, json.dumps({"clients": [SOUND]}).encode())
    assert registrations.find(APP, KEPT) == client()


def put(registrations: Registrations, content: bytes) -> None:
    registrations.path.parent.mkdir(parents=True)
    registrations.path.write_bytes(content)


def test_there_is_nothing_at_first(registrations: Registrations) -> None:
    assert registrations.find(APP, KEPT) is None
    assert not registrations.path.parent.exists()


def test_a_client_is_found_again(registrations: Registrations) -> None:
    assert registrations.keep(client())
    assert Registrations(registrations.path.parent).find(APP, KEPT) == client()
    assert registrations.path.name == FILE_NAME == "oauth-clients.json"
    assert json.loads(registrations.path.read_bytes()) == {
        "clients": [{"app_url": APP, "name": KEPT, "client_id": "id-1", "port": 50_001}]
    }


def test_a_newer_client_replaces_the_one_of_its_address_and_name(
    registrations: Registrations,
) -> None:
    places = [(APP, KEPT), (APP, PRINTED), (OTHER_APP, KEPT), (OTHER_APP, PRINTED)]
    for number, place in enumerate(places):
        registrations.keep(client(*place, number))
    registrations.keep(client(APP, KEPT, 9))

    found = [registrations.find(*place) for place in places]
    assert [each.client_id if each else None for each in found] == ["id-9", "id-1", "id-2", "id-3"]
    assert registrations.find(APP, KEPT.lower()) is None
    assert registrations.find(f"{APP}/", KEPT) is None


def test_the_file_does_not_grow_without_end(registrations: Registrations) -> None:
    for number in range(105):
        registrations.keep(client(f"https://{number}.example.com", KEPT, number))
    assert len(json.loads(registrations.path.read_bytes())["clients"]) == 100
    assert registrations.find("https://104.example.com", KEPT)
    assert registrations.find("https://4.example.com", KEPT) is None


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_file_counts_as_none_and_is_replaced(
    registrations: Registrations, content: bytes
) -> None:
    put(registrations, content)

    assert registrations.find(APP, KEPT) is None
    assert registrations.keep(client())
    assert registrations.find(APP, KEPT) == client()


def test_a_client_may_have_what_a_later_version_adds(registrations: Registrations) -> None:
    later = {"version": 2, "clients": [SOUND | {"made": "2027-01-01"}]}
    put(registrations, json.dumps(later).encode())
    assert registrations.find(APP, KEPT) == client()


@given(content=st.binary(max_size=200))
def test_any_bytes_are_read_without_an_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    registrations = Registrations(tmp_path_factory.mktemp("config"))
    registrations.path.write_bytes(content)
    assert registrations.find(APP, KEPT) is None


@pytest.mark.parametrize("make", NO_FILES.values(), ids=NO_FILES)
def test_what_is_not_a_file_is_not_read(
    registrations: Registrations, make: Callable[[Path], None]
) -> None:
    registrations.path.parent.mkdir(parents=True)
    make(registrations.path)
    assert registrations.find(APP, KEPT) is None


def test_a_link_is_replaced_and_what_it_leads_to_stays(
    registrations: Registrations, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere.json"
    elsewhere.write_text("mine")
    registrations.path.parent.mkdir(parents=True)
    registrations.path.symlink_to(elsewhere)

    assert registrations.keep(client())
    assert registrations.find(APP, KEPT) == client()
    assert elsewhere.read_text() == "mine"


@pytest.mark.parametrize("place", ["config", "config/circleci-usage"])
def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, place: str) -> None:
    (tmp_path / place).parent.mkdir(exist_ok=True)
    (tmp_path / place).write_text("a file")
    registrations = Registrations(tmp_path / "config" / "circleci-usage")

    assert not registrations.keep(client())
    assert registrations.find(APP, KEPT) is None
    assert (tmp_path / place).read_text() == "a file"


def test_a_folder_in_the_place_of_the_file_is_told(registrations: Registrations) -> None:
    registrations.path.mkdir(parents=True)
    assert registrations.find(APP, KEPT) is None
    assert not registrations.keep(client())


@pytest.mark.parametrize("port", [1024, 65_536])
def test_a_port_is_one_that_circleci_allows(port: int) -> None:
    with pytest.raises(ValidationError):
        Registration(app_url=APP, name=KEPT, client_id="a", port=port)
