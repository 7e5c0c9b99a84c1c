"""Attacks on a login by web pages in other tabs of a real Chromium."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from browser import chromium_driver
from hostile_server import READ, HostileServer, answer
from login_machine import circleci_of_today
from waiting_login import waiting_login

PAGE = """<!doctype html><title>evil</title><body><script>
const start = "{start}", redirect = start + "callback?code=a&state=a";
const shown = [];
const tried = [];
// What tells nothing when it is refused gets some time.
const quiet = () => new Promise((done) => {{ setTimeout(done, 300); }});
window.name = "evil";
for (const address of [start, redirect, start + "result"]) {{
  for (const kind of ["img", "script", "iframe", "embed", "audio", "video"]) {{
    const element = document.createElement(kind);
    const tells = new Promise((done) => {{ element.onload = element.onerror = done; }});
    tried.push(["img", "script", "iframe"].includes(kind) ? tells : quiet());
    element.src = address;
    document.body.append(element);
  }}
  const sheet = document.createElement("link");
  sheet.rel = "stylesheet";
  sheet.href = address;
  document.head.append(sheet);
  for (const mode of ["cors", "no-cors"]) {{
    for (const method of ["GET", "POST"]) {{
      tried.push(fetch(address, {{mode, method, credentials: "include"}}).then(
        async (got) => {{ if (got.type !== "opaque") shown.push(await got.text()); }},
        () => undefined));
    }}
  }}
  tried.push(fetch(address, {{headers: {{"X-Evil": "1"}}}}).catch(() => undefined));
  navigator.sendBeacon(address, "a=b");
  const form = document.createElement("form");
  form.method = "POST";
  form.action = address;
  form.target = "_blank";
  document.body.append(form);
  form.submit();
  window.open(address);
  tried.push(quiet());
}}
const link = new WebSocket(start.replace("http", "ws"));
link.onopen = () => shown.push("a WebSocket");
tried.push(new Promise((done) => {{ link.onclose = done; }}));
Promise.all(tried).then(() => {{
  document.title = "done " + JSON.stringify(shown);
}});
</script>"""


@pytest.fixture(scope="module")
def driver() -> Iterator[webdriver.Chrome]:
    yield from chromium_driver()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_page_of_another_port_of_this_machine(
    host: str, driver: webdriver.Chrome, tmp_path: Path
) -> None:
    driver.execute_cdp_cmd("Page.enable", {})
    with (
        circleci_of_today() as circleci,
        waiting_login(circleci, tmp_path) as login,
        HostileServer(
            (READ, answer(200, PAGE.format(start=login.start).encode(), Content_Type="text/html"))
        ) as evil,
    ):
        own = driver.current_window_handle
        driver.switch_to.new_window("tab")
        theirs = driver.current_window_handle
        driver.get(f"http://{host}:{evil.port}/")
        WebDriverWait(driver, 20).until(lambda tab: tab.title.startswith("done"))
        assert driver.title == "done []"
        # The whole tab goes there too: no page can open the start, and a foreign state is told.
        driver.execute_script(f"location = '{login.start}'")
        WebDriverWait(driver, 20).until(lambda tab: tab.title == "Not from here")
        driver.execute_script(f"location = '{login.start}callback?code=a&state=a'")
        WebDriverWait(driver, 20).until(lambda tab: tab.title == "This is another login")
        for handle in {*driver.window_handles} - {own}:
            driver.switch_to.window(handle)
            assert handle == theirs or "logged in" not in driver.title
            driver.close()
        driver.switch_to.window(own)
        # The person's own tab, as if its address had been opened from outside of all pages.
        driver.get(login.start)
        assert driver.current_url.startswith(circleci.app_url)
        driver.find_element(By.ID, "allow").click()
        WebDriverWait(driver, 20).until(lambda tab: tab.title == "You are logged in")
        assert driver.current_url == f"{login.start}result"
        history = driver.execute_cdp_cmd("Page.getNavigationHistory", {})
        visited = [entry["url"] for entry in history["entries"]]
        assert not [address for address in visited if "code=" in address]
        outcome = login.end()
    assert outcome.code == 0
    assert "a second time" not in outcome.err
    assert outcome.err.count("The redirect belongs to another login") == 1
