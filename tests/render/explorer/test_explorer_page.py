"""explore.html in a real Chromium, as a person uses it: fields, filters, the way in and back."""

import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select, WebDriverWait

from browser import Browser, axe_core, chromium_driver
from circleci_usage.render.explorer.page import explore_html
from circleci_usage.render.view.report_view import ReportView
from circleci_usage.report import Report
from sample_reports import acme_report, empty_report, hostile_report, report_of_projects

RULES: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
WIDTHS: Final = (320, 360, 768, 1280, 1600)
EVERYTHING: Final = "by=team,project&compare=previous&status!=failed&team=shop"
MANY: Final = 30
SECONDS: Final = 10


def _is_saved(file: Path, _: object) -> bool:
    return file.exists()


class Explorer:
    """A page that is open."""

    def __init__(self, browser: Browser, folder: Path) -> None:
        self.browser = browser
        self.folder = folder

    def open(self, report: Report, address: str = "") -> "Explorer":
        """Show a report's page for an address."""
        file = self.folder / "explore.html"
        data = b64encode(report.explored).decode()
        file.write_text(explore_html(ReportView(report), data), encoding="utf-8")
        self.browser.driver.get("about:blank")
        self.browser.requests()
        self.browser.log("browser")
        self.browser.driver.get(f"{file.as_uri()}#{address}")
        return self.wait()

    def wait(self) -> "Explorer":
        """Until what the address asks is shown."""
        shown = "const {state, shown} = document.body.dataset; return state === 'ready' && shown"
        WebDriverWait(self.browser.driver, SECONDS, 0.02).until(
            lambda _: self.run(shown) == self.address
        )
        return self

    def run(self, script: str, *arguments: object) -> Any:
        return self.browser.run(script, *arguments)

    @property
    def address(self) -> str:
        """What stands after `#`."""
        found: str = self.run("return location.hash.slice(1)")
        return found

    def find(self, selector: str) -> WebElement:
        return self.browser.driver.find_element(By.CSS_SELECTOR, selector)

    def click(self, selector: str) -> None:
        self.find(selector).click()
        self.wait()

    def choose(self, field: str, label: str) -> None:
        Select(self.find(f"#{field}")).select_by_visible_text(label)
        self.wait()

    def text(self, selector: str) -> str:
        return self.find(selector).text

    def names(self) -> list[list[str]]:
        """The names of the rows of the table."""
        rows = "return [...document.querySelectorAll('#groups tbody tr')].map(e => e.dataset.names)"
        return [json.loads(names) for names in self.run(rows) if names]

    def values(self, column: str) -> list[str]:
        """The exact values of a column."""
        cells = "return [...document.querySelectorAll(arguments[0])].map(e => e.dataset.value)"
        found: list[str] = self.run(cells, f"#groups tbody [data-column='{column}']")
        return found

    def name(self, *names: str) -> str:
        """The selector of the button of a group."""
        whole = json.dumps([*names], separators=(",", ":"))
        return f"#groups tr[data-names='{whole}'] .name"


@pytest.fixture(scope="module")
def driver() -> Iterator[webdriver.Chrome]:
    yield from chromium_driver()


@pytest.fixture
def explorer(driver: webdriver.Chrome, tmp_path: Path) -> Explorer:
    browser = Browser(driver)
    browser.command("Emulation.setScriptExecutionDisabled", value=False)
    browser.screen("light", 1280)
    return Explorer(browser, tmp_path)


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    return axe_core(tmp_path_factory.mktemp("axe"))


def test_it_asks_nobody_and_breaks_no_policy(explorer: Explorer) -> None:
    explorer.open(hostile_report(), "by=project,job&chart=treemap")

    # Chromium draws the icon of its own date fields from a data URL.
    urls = [url for url in explorer.browser.requests() if not url.startswith("data:")]
    assert [url for url in urls if not url.startswith("file:")] == []
    assert explorer.browser.log("browser") == []
    assert explorer.run("return document.querySelectorAll('main script, main img').length") == 0
    policy = explorer.run("return document.querySelector('meta[http-equiv]').content")
    assert policy.startswith("default-src 'none'; ")
    assert policy.count("script-src 'sha256-") == 1


def test_an_added_script_does_not_run(explorer: Explorer) -> None:
    explorer.open(acme_report())
    explorer.run(
        "const script = document.createElement('script'); script.textContent = 'window.ran = 1';"
        "document.body.append(script)"
    )

    assert explorer.run("return window.ran") is None


def test_fields_ask_and_the_browser_goes_back(explorer: Explorer) -> None:
    explorer.open(acme_report())
    before = explorer.text("[data-total='cost']")

    explorer.choose("by-1", "Team")
    explorer.choose("by-2", "Job")
    explorer.choose("metric", "Credits")
    explorer.choose("compare", "Previous period")
    explorer.choose("granularity", "Week")
    explorer.choose("top", "Top 5")
    explorer.choose("chart", "Treemap")

    assert explorer.address == (
        "by=team,job&granularity=week&metric=credits&compare=previous&top=5&chart=treemap"
    )
    assert explorer.text("h2") == "Credits by team and job"
    assert explorer.text("[data-total='cost']") == before
    for _ in range(7):
        explorer.browser.driver.back()
    explorer.wait()
    assert explorer.address == ""
    assert explorer.find("#by-1").get_property("value") == "project"
    explorer.browser.driver.forward()
    explorer.wait()
    assert explorer.find("#by-1").get_property("value") == "team"


def test_days_are_chosen(explorer: Explorer) -> None:
    explorer.open(acme_report())
    set_day = (
        "const field = document.getElementById(arguments[0]); field.value = arguments[1];"
        "field.dispatchEvent(new Event('change'))"
    )

    explorer.run(set_day, "from", "2026-03-20")
    explorer.run(set_day, "to", "2026-03-10")
    explorer.wait()

    assert explorer.address == "from=2026-03-10&to=2026-03-10"
    assert Select(explorer.find("#preset")).first_selected_option.text == "Custom range"
    explorer.choose("preset", "Last 7 days")
    assert explorer.find("#from").get_property("value") == "2026-03-25"
    assert explorer.text("#asked") == "Mar 25–31, 2026 · by day"


def test_a_filter_is_made_by_search_and_taken_away(explorer: Explorer) -> None:
    explorer.open(acme_report())
    everything = explorer.names()

    explorer.click("#add-filter")
    search = explorer.find("#filter-search")
    assert search == explorer.browser.driver.switch_to.active_element
    search.send_keys("WEB", Keys.ENTER, "io", Keys.ENTER, Keys.ENTER)
    explorer.wait()

    assert explorer.address == "project=web,ios"
    assert explorer.names() == [["ios"], ["web"]]
    assert explorer.text("[data-filter='project'] .open") == "Project: web, ios"
    explorer.click("[data-filter='project'] .remove")
    assert explorer.names() == everything
    assert explorer.browser.driver.switch_to.active_element == explorer.find("#add-filter")


def test_values_are_listed_with_their_costs_and_can_be_excluded(explorer: Explorer) -> None:
    explorer.open(acme_report())
    costs = "return [...document.querySelectorAll('#filter-values .n')].map(e => e.textContent)"
    largest = explorer.names()[0][0]

    explorer.click("#add-filter")
    amounts = [float(text.lstrip("<$").replace(",", "")) for text in explorer.run(costs)]
    explorer.click("#filter-exclude")
    explorer.click("#filter-values input")
    explorer.click("#filter-apply")

    assert amounts == sorted(amounts, reverse=True)
    assert explorer.text("[data-filter='project'] .open") == f"Project: not {largest}"
    assert explorer.address == f"project!={largest}"
    assert [largest] not in explorer.names()


def test_a_pattern_can_be_typed(explorer: Explorer) -> None:
    explorer.open(report_of_projects(MANY))

    explorer.click("#add-filter")
    explorer.find("#filter-search").send_keys("*-1?")
    assert "matches 10" in explorer.text("#filter-values li")
    explorer.find("#filter-search").send_keys(Keys.ENTER, Keys.ENTER)
    explorer.wait()

    assert explorer.address == "project=*-1?"
    assert len(explorer.names()) == 10
    assert explorer.run("return document.querySelectorAll('#path li').length") == 0


def test_a_new_filter_of_the_other_kind_leaves_the_first_alone(explorer: Explorer) -> None:
    explorer.open(acme_report(), "project=web,ios")

    explorer.click("#add-filter")
    explorer.find("#filter-search").send_keys("api", Keys.ENTER)
    explorer.click("#filter-exclude")
    explorer.click("#filter-apply")

    assert explorer.address == "project=web,ios&project!=api"


def test_a_filter_is_changed_by_its_chip(explorer: Explorer) -> None:
    explorer.open(acme_report(), "by=job&status!=failed")

    explorer.click("[data-filter='status'] .open")
    assert explorer.find("#filter-dimension").get_property("value") == "status"
    assert explorer.find("#filter-exclude").is_selected()
    explorer.click("#filter-include")
    explorer.click("#filter-apply")

    assert explorer.address == "by=job&status=failed"
    explorer.click("[data-filter='status'] .open")
    explorer.find("#filter-search").send_keys(Keys.ESCAPE)
    assert explorer.address == "by=job&status=failed"


def test_the_way_in_and_back(explorer: Explorer) -> None:
    explorer.open(acme_report(), "by=team")
    everything = explorer.text("[data-total='cost']")

    explorer.click(explorer.name("shop"))
    assert explorer.address == "team=shop"
    project = explorer.names()[0][0]
    explorer.click(explorer.name(project))
    assert explorer.address.startswith("by=workflow&team=shop&project=")
    assert explorer.text("#path").splitlines()[0].startswith("All costs")
    explorer.click("#path li:nth-child(2) button")
    assert explorer.address == "team=shop"
    explorer.click("#path li:first-child button")

    assert explorer.address == "by=team"
    assert explorer.text("[data-total='cost']") == everything
    assert not explorer.find("#path").is_displayed()


def test_a_group_of_two_dimensions_opens_both(explorer: Explorer) -> None:
    explorer.open(acme_report(), "by=team,project")
    child = next(names for names in explorer.names() if len(names) == 2)

    explorer.click("#groups .toggle")
    assert child not in explorer.names()
    explorer.click("#groups .toggle")
    explorer.click(explorer.name(*child))

    assert explorer.address.startswith("by=workflow&team=")
    assert len(explorer.browser.driver.find_elements(By.CSS_SELECTOR, ".chip")) == 2


def test_columns_sort(explorer: Explorer) -> None:
    explorer.open(acme_report(), "by=job")
    runs = "[data-key='sort:job_runs']"

    explorer.click(runs)
    falling = [int(value) for value in explorer.values("job_runs")]
    explorer.click(runs)
    rising = [int(value) for value in explorer.values("job_runs")]

    assert falling == sorted(falling, reverse=True)
    assert rising == sorted(rising)
    assert explorer.address == "by=job&sort=job_runs&order=asc"
    sorted_by = "return document.querySelector('[aria-sort=ascending]').textContent"
    assert explorer.run(sorted_by) == "Job runs"
    assert explorer.browser.driver.switch_to.active_element.text.startswith("Job runs")
    explorer.click("[data-key='sort:job']")
    assert explorer.names() == sorted(explorer.names())


def test_the_rest_is_listed_after_a_click(explorer: Explorer) -> None:
    explorer.open(report_of_projects(MANY), "top=5")
    assert explorer.text("tr.rest .name") == "25 more projects"

    explorer.click("tr.rest .name")

    assert explorer.address == "top=10"
    assert len(explorer.names()) == 10


def test_a_change_is_announced(explorer: Explorer) -> None:
    explorer.open(acme_report())
    assert explorer.run("return document.getElementById('status').textContent") == ""

    explorer.choose("by-1", "Team")

    total = explorer.text("[data-total='cost']")
    said = explorer.run("return document.getElementById('status').textContent")
    assert said.startswith(f"Cost by team: {total}, ")


def test_copy_link_says_that_it_did(explorer: Explorer) -> None:
    explorer.open(acme_report(), "by=team")
    explorer.run("navigator.clipboard.writeText = async (text) => { window.copied = text; }")

    explorer.find("#copy-link").click()

    WebDriverWait(explorer.browser.driver, SECONDS).until(lambda _: explorer.text("#done"))
    assert explorer.text("#done") == "Link copied."
    ends = "explore.html#by=team&from=2026-03-01&to=2026-03-31"
    assert explorer.run("return window.copied").endswith(ends)


def test_a_link_that_cannot_be_copied_is_shown(explorer: Explorer) -> None:
    explorer.open(acme_report(), "by=team")
    explorer.run("navigator.clipboard.writeText = async () => { throw new Error('no'); }")

    explorer.find("#copy-link").click()

    WebDriverWait(explorer.browser.driver, SECONDS).until(lambda _: explorer.text("#done"))
    field = explorer.find("#link")
    assert field == explorer.browser.driver.switch_to.active_element
    assert "#by=team&from=2026-03-01" in str(field.get_property("value"))
    assert explorer.run("return getSelection().toString()") == field.get_property("value")


def test_files_are_saved(explorer: Explorer, tmp_path: Path) -> None:
    explorer.open(hostile_report(), "by=project,job&top=5")
    explorer.browser.command(
        "Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path)
    )
    name = "cost-by-project-and-job-2026-03-01-to-2026-03-31"

    for ending in ("csv", "svg", "png"):
        explorer.find(f"#save-{ending}").click()
        file = tmp_path / f"{name}.{ending}"
        WebDriverWait(explorer.browser.driver, SECONDS).until(partial(_is_saved, file))

    lines = (tmp_path / f"{name}.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "project,job,credits,cost,list_cost,job_runs,run_minutes"
    assert any(line.startswith('"\'=HYPERLINK(""') for line in lines)
    assert explorer.text("#done") == f"Saved {name}.png."


def test_nothing_found_offers_to_clear_the_filters(explorer: Explorer) -> None:
    explorer.open(acme_report(), "by=team&project=nobody&nonsense=1&metric=gold")

    words = explorer.text("#notices")
    assert "Nothing in Mar 1–31, 2026 matches these filters." in words
    assert "ignored: nonsense, metric=gold" in words
    explorer.click("#notices button")

    assert explorer.address == "by=team"
    assert not explorer.find("#notices").is_displayed()


def test_days_that_are_not_known_are_named(explorer: Explorer) -> None:
    explorer.open(hostile_report(), "compare=previous")

    words = explorer.text("#notices")
    assert "Usage is not known for Mar 1, 2026; Mar 4–31, 2026." in words
    assert "Usage is not known for all days of Feb 1–28, 2026, so changes are not known." in words
    assert set(explorer.values("change")) == {""}
    assert "not known" in explorer.text(".change")


def test_without_scripts_it_leads_to_the_report(explorer: Explorer) -> None:
    explorer.open(acme_report())
    explorer.browser.command("Emulation.setScriptExecutionDisabled", value=True)
    explorer.browser.driver.refresh()

    assert "This page needs JavaScript" in explorer.text("noscript")
    assert explorer.find("noscript a").get_dom_attribute("href") == "index.html"
    assert not explorer.find("main").is_displayed()


def test_damaged_data_is_said(explorer: Explorer) -> None:
    file = explorer.folder / "damaged.html"
    file.write_text(explore_html(ReportView(acme_report()), "AAAA"), encoding="utf-8")
    explorer.browser.driver.get(file.as_uri())

    WebDriverWait(explorer.browser.driver, SECONDS).until(lambda _: explorer.text("#failure"))
    assert explorer.run("return document.body.dataset.state") == "failed"
    assert "Create the report again." in explorer.text("#failure")


def test_every_control_is_reached_by_keyboard(explorer: Explorer) -> None:
    explorer.open(acme_report(), EVERYTHING)
    reached: list[str] = []
    for _ in range(60):
        explorer.browser.driver.switch_to.active_element.send_keys(Keys.TAB)
        active = "const e = document.activeElement; return e.id || e.dataset.key || e.className"
        reached.append(explorer.run(active))

    fields = ["preset", "from", "to", "granularity", "compare", "by-1", "by-2", "metric", "top"]
    buttons = [
        "add-filter",
        "copy-link",
        "save-csv",
        "plot",
        "sort:cost",
        'name:team,project:["shop"]',
    ]
    assert {*fields, *buttons, "remove:status!", "step:all"} <= {*reached}


@pytest.mark.parametrize(
    ("make", "address", "colors", "width"),
    [
        (acme_report, EVERYTHING, "light", 1280),
        (acme_report, f"{EVERYTHING}&chart=treemap", "dark", 390),
        (hostile_report, "by=project,job&top=5", "light", 390),
        (empty_report, "", "dark", 1280),
    ],
)
def test_axe_finds_nothing(
    explorer: Explorer, axe: str, make: Callable[[], Report], address: str, colors: str, width: int
) -> None:
    explorer.browser.screen(colors, width)
    explorer.open(make(), address)
    explorer.browser.command("Runtime.evaluate", expression=axe)
    check = "axe.run({runOnly: arguments[0]}).then(arguments[1])"

    for opened in (False, True):
        if opened:
            explorer.find("#add-filter").click()
        found = explorer.browser.driver.execute_async_script(check, RULES)
        violations = found["violations"]
        assert [(each["id"], each["nodes"][0]["html"][:200]) for each in violations] == []


@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_does_not_scroll_sideways(explorer: Explorer, width: int) -> None:
    explorer.open(hostile_report(), "by=project,job&compare=previous&project!=a*,CON")
    explorer.browser.screen("light", width)
    wide = "return document.documentElement.scrollWidth"

    assert explorer.run(wide) == width
    explorer.run("document.documentElement.style.fontSize = '200%'")
    assert explorer.run(wide) == width or width < 768
