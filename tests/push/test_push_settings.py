"""Sites, addresses and keys as users set them."""

import pytest
from datadog_api_client import Configuration
from pydantic import SecretStr

from circleci_usage.core.errors import SettingsError
from circleci_usage.push.datadog.credentials import Credentials, datadog_credentials
from circleci_usage.push.datadog.sites import SITES, datadog_site

KEY = "0123456789abcdef0123456789abcdef"


def test_the_sites_match_the_client() -> None:
    servers = Configuration().get_host_settings()
    assert set(SITES) == set(servers[0]["variables"]["site"]["enum_values"])
    assert {datadog_site(name).url for name in SITES} == {
        Configuration().get_host_from_settings(0, variables={"site": name}) for name in SITES
    }


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("datadoghq.eu", "datadoghq.eu"),
        (" DATADOGHQ.EU ", "datadoghq.eu"),
        ("https://app.datadoghq.com/", "datadoghq.com"),
        ("us5.datadoghq.com", "us5.datadoghq.com"),
        ("https://us5.datadoghq.com", "us5.datadoghq.com"),
        ("api.ap1.datadoghq.com", "ap1.datadoghq.com"),
    ],
)
def test_a_site_can_be_copied_from_a_browser(written: str, name: str) -> None:
    assert datadog_site(written).name == name


@pytest.mark.parametrize("name", ["", "eu", "datadoghq.de", "datadoghq.com.evil.example"])
def test_another_site_is_refused_with_the_list(name: str) -> None:
    with pytest.raises(
        SettingsError,
        match=r"Unknown Datadog site .* pages: datadoghq\.com, us3\.datadoghq\.com,",
    ):
        datadog_site(name)


@pytest.mark.parametrize(
    ("site", "page"),
    [
        ("datadoghq.com", "https://app.datadoghq.com"),
        ("datadoghq.eu", "https://app.datadoghq.eu"),
        ("us5.datadoghq.com", "https://us5.datadoghq.com"),
        ("ddog-gov.com", "https://app.ddog-gov.com"),
    ],
)
def test_each_site_has_its_app_address(site: str, page: str) -> None:
    assert datadog_site(site).app_url == page


def test_another_address_replaces_that_of_the_site() -> None:
    assert (
        datadog_site("datadoghq.eu", " https://proxy.example.com/datadog/ ").url
        == "https://proxy.example.com/datadog"
    )


@pytest.mark.parametrize(
    "url",
    [
        "proxy.example.com",
        "ftp://x",
        "http://",
        "http://me:secret@x",
        "http://x?key=secret",
        "http://x:y",
        "http://[",
    ],
)
def test_an_invalid_address_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(
        SettingsError,
        match=r"^DATADOG_URL \(--datadog-url\) "
        r"(is not a valid URL|contains a user name or a password)",
    ) as caught:
        datadog_site("datadoghq.com", url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "environment",
    [
        {"DATADOG_API_KEY": f" {KEY}\n", "DATADOG_APP_KEY": "app"},
        {"DD_API_KEY": KEY, "DD_APP_KEY": "app"},
        {
            "DATADOG_API_KEY": KEY,
            "DD_API_KEY": "other",
            "DD_APP_KEY": "app",
            "DATADOG_APP_KEY": " ",
        },
    ],
)
def test_keys_come_from_the_environment(environment: dict[str, str]) -> None:
    assert datadog_credentials(environment) == Credentials(SecretStr(KEY), SecretStr("app"))


def test_the_application_key_is_optional() -> None:
    assert datadog_credentials({"DATADOG_API_KEY": KEY}).app_key is None
    with pytest.raises(
        SettingsError, match=r"There is no Datadog API key; put one into .* DATADOG_API_KEY"
    ):
        datadog_credentials({"DATADOG_APP_KEY": "app"})


@pytest.mark.parametrize("key", [f"{KEY}\r\nX: y", "schlüssel", "a b"])
def test_an_invalid_key_is_refused_and_not_shown(key: str) -> None:
    with pytest.raises(
        SettingsError, match="DATADOG_API_KEY contains characters that no Datadog key has"
    ) as caught:
        datadog_credentials({"DATADOG_API_KEY": key})
    assert key not in str(caught.value)


def test_keys_are_hidden() -> None:
    credentials = Credentials(SecretStr(KEY), SecretStr("application-key"))
    assert KEY not in f"{credentials!r} {credentials}"
    assert credentials.hide(f"{KEY} of application-key") == "… of …"
