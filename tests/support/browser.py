"""Pages in a real Chromium."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from circleci_usage.report import Report
from rendered import page
from sample_reports import report_of_projects

FLAGS = (
    *(
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--hide-scrollbars",
        "--disable-sync",
    ),
    *("--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage"),
)
MANY = 120
AXE = "axe-core@4.11.0"


def many_projects() -> Report:
    """A report on many projects."""
    return report_of_projects(MANY)


class Show(Protocol):
    """Opens a report's page."""

    def __call__(self, report: Report, anchor: str = "") -> "Browser": ...


class Browser:
    """A Chromium that has a page open."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    def run(self, script: str, *arguments: object) -> Any:
        """What a script on the page returns."""
        return self.driver.execute_script(script, *arguments)

    def command(self, name: str, **parameters: object) -> Any:
        """What Chromium's own protocol answers."""
        return self.driver.execute_cdp_cmd(name, parameters)

    def screen(self, colors: str, width: int) -> None:
        """Change the screen."""
        self.command(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        self.command(
            "Emulation.setEmulatedMedia",
            features=[{"name": "prefers-color-scheme", "value": colors}],
        )

    def log(self, kind: str) -> list[dict[str, Any]]:
        """What was logged since the last time."""
        entries: list[dict[str, Any]] = self.driver.execute("getLog", {"type": kind})["value"]
        return entries

    def requests(self) -> list[str]:
        """The URLs requested since the last call."""
        events = (json.loads(entry["message"])["message"] for entry in self.log("performance"))
        sent = (event for event in events if event["method"] == "Network.requestWillBeSent")
        return [event["params"]["request"]["url"] for event in sent]


def chromium_driver() -> Iterator[webdriver.Chrome]:
    """A Chromium, for a fixture of a module; without one its tests are skipped."""
    chromium, chromedriver = shutil.which("chromium"), shutil.which("chromedriver")
    if not chromium or not chromedriver:
        pytest.skip("There is no chromium with its chromedriver.")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in FLAGS:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    started = webdriver.Chrome(options=options, service=Service(chromedriver))
    started.set_script_timeout(120)
    yield started
    started.quit()


def page_opener(driver: webdriver.Chrome, folder: Path) -> Show:
    """What opens a page that is written into a folder."""
    browser = Browser(driver)
    browser.command("Emulation.setScriptExecutionDisabled", value=False)
    browser.screen("light", 1280)

    def open_page(report: Report, anchor: str = "") -> Browser:
        file = folder / "index.html"
        file.write_text(page(report), encoding="utf-8")
        browser.requests()
        driver.get(f"{file.as_uri()}{anchor}")
        return browser

    return open_page


def axe_core(folder: Path) -> str:
    """The script that reads pages as assistive technology does; skips the test without npm."""
    npm = shutil.which("npm")
    if not npm:
        pytest.skip("There is no npm to get axe-core with.")
    got = subprocess.run(
        [npm, "install", "--prefix", folder, "--silent", AXE], check=False, capture_output=True
    )
    if got.returncode:
        pytest.skip("npm cannot get axe-core.")
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
