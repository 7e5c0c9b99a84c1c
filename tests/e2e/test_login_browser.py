"""A login in a real Chromium: from the command to the consent page of CircleCI, and back."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

import pytest
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.support import expected_conditions
from selenium.webdriver.support.ui import WebDriverWait

from browser import Browser, chromium_driver
from commandline import Finished
from dialog import at_a_terminal
from logging_in import Machine
from running_login import RunningLogin, running_login

_PATIENCE = 30


@pytest.fixture(scope="module")
def chromium() -> Iterator[webdriver.Chrome]:
    yield from chromium_driver()


@pytest.fixture
def browser(chromium: webdriver.Chrome) -> Browser:
    found = Browser(chromium)
    chromium.get("about:blank")
    found.requests()
    found.log("browser")
    return found


@contextmanager
def started(here: Machine) -> Iterator[RunningLogin]:
    """A login whose browser is this test's."""
    with running_login(cwd=here.folder, env=here.env | {"BROWSER": "true %s"}) as running:
        yield running


def press(browser: Browser, button: str, level: str = "read") -> None:
    """Choose a level on the consent page, and press a button."""
    browser.driver.find_element(By.CSS_SELECTOR, f"input[value={level}]").click()
    browser.driver.find_element(By.CSS_SELECTOR, f"button[value={button}]").click()


def outcome(browser: Browser, start: str) -> str:
    """The heading of the page at which the tab ends."""
    at_end = expected_conditions.url_to_be(f"{start}result")
    WebDriverWait(browser.driver, _PATIENCE).until(at_end)
    return heading(browser)


def heading(browser: Browser) -> str:
    return browser.driver.find_element(By.TAG_NAME, "h1").text


def assert_clean(here: Machine, browser: Browser, start: str) -> None:
    """The tab ends without a code, without a complaint, and was nowhere else."""
    assert browser.driver.current_url == f"{start}result"
    here.assert_hidden(browser.driver.current_url, browser.driver.page_source)
    asked = {urlsplit(url).netloc for url in browser.requests() if url.startswith("http")}
    assert asked == {urlsplit(url).netloc for url in (start, here.circleci.app_url)}
    complaints = [entry["message"] for entry in browser.log("browser")]
    assert [each for each in complaints if "favicon.ico" not in each] == []


def answered(here: Machine, browser: Browser, button: str) -> tuple[Finished, str]:
    """A login that a person answers in the tab that it opened, and where that began."""
    with started(here) as running:
        start = running.wait_for()
        browser.driver.get(start)
        press(browser, button)
        return running.end(), start


def test_somebody_allows_to_read(here: Machine, browser: Browser) -> None:
    done, start = answered(here, browser, "allow")

    assert done.code == 0, done.err
    assert outcome(browser, start) == "You are logged in"
    assert here.accepts(here.token)
    assert_clean(here, browser, start)


def test_somebody_denies(here: Machine, browser: Browser) -> None:
    done, start = answered(here, browser, "deny")

    assert done.code == 3
    assert "Error: The access was denied in the browser; no token was made." in done.err
    assert outcome(browser, start) == "The login failed"
    assert_clean(here, browser, start)
    assert here.entries == {}


def test_a_second_tab_is_told_to_go_on_in_the_first(here: Machine, browser: Browser) -> None:
    driver = browser.driver
    with started(here) as running:
        start = running.wait_for()
        driver.get(start)
        first = driver.current_window_handle
        driver.switch_to.new_window("tab")
        driver.get(start)
        assert heading(browser) == "This login was opened before"
        driver.close()
        driver.switch_to.window(first)
        press(browser, "allow")
        done = running.end()
    assert done.code == 0, done.err
    assert "The login was opened a second time. If that was not you, press Ctrl-C" in done.err


def test_the_address_at_which_the_browser_ends_is_pasted(here: Machine, browser: Browser) -> None:
    def copied(shown: str) -> str:
        start = shown.index(f"{here.circleci.app_url}/oauth/authorize?")
        browser.driver.get(shown[start:].split(maxsplit=1)[0])
        # Nothing listens there, as on a machine of its own.
        with suppress(WebDriverException):
            press(browser, "allow")
        at_end = expected_conditions.url_contains("/callback?")
        WebDriverWait(browser.driver, _PATIENCE).until(at_end)
        address: str = browser.driver.current_url
        return address + "\n"

    done = at_a_terminal("login", "--no-browser", answers=[copied], cwd=here.folder, env=here.env)

    assert done.code == 0, done.out
    assert "is in the system's keyring." in done.out
    assert here.accepts(here.token)
