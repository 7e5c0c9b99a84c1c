"""The explorer's charts in a real Chromium: brush, box, picks, table, pictures."""

import base64
import io
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from PIL import Image
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from browser import Browser, chromium_driver
from circleci_usage.render.charts import style
from color_vision import EYES, contrast, least_difference
from explorer_charts import STYLE, ChartPage

OCTOBER = "by=project&from=2026-10-01&to=2026-10-31&granularity=day"
TREE = "by=team,project&from=2026-10-01&to=2026-10-31&chart=treemap"
LEVELS = """
const { x, width } = document.querySelector(".level").getBoundingClientRect();
return [x, width];
"""
ROWS = """
const rows = [...document.querySelectorAll(".chart-table tbody tr")];
return rows.map(({ cells }) => [...cells].map(({ dataset }) => dataset.bucket ?? dataset.value));
"""
WIDTHS = """
const parts = ["figure", ".bar-plot, .tree"].map((part) => document.querySelector(part));
return parts.map((part) => part.getBoundingClientRect().width);
"""
BARS = "return [...document.querySelectorAll('.bar-series')].map(bar => bar.getAttribute('d'))"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def driver() -> Iterator[webdriver.Chrome]:
    yield from chromium_driver()


@pytest.fixture
def page(driver: webdriver.Chrome, tmp_path: Path) -> ChartPage:
    return ChartPage(Browser(driver), tmp_path)


def plot(page: ChartPage) -> WebElement:
    return page.browser.driver.find_element(By.CSS_SELECTOR, ".plot")


def pointer_at(page: ChartPage, day: int) -> tuple[WebElement, int, int]:
    """The middle of a day of October, as an offset from the middle of the plot."""
    area = plot(page)
    left, width = page.browser.run(LEVELS)
    middle = area.rect["x"] + area.rect["width"] / 2
    return area, round(left + (day - 0.5) * width / 31 - middle), 0


def press(page: ChartPage, *keys: str) -> None:
    for key in keys:
        plot(page).send_keys(key)


def spoken(page: ChartPage) -> str:
    return plot(page).get_attribute("aria-valuetext") or ""


def test_dragging_selects_days(page: ChartPage) -> None:
    page.show(OCTOBER)
    start, end = pointer_at(page, 5), pointer_at(page, 9)

    drag = ActionChains(page.browser.driver).move_to_element_with_offset(*start).click_and_hold()
    drag.move_to_element_with_offset(*end).release().perform()

    assert page.calls() == [["2026-10-05", "2026-10-09"]]


def test_a_click_selects_nothing(page: ChartPage) -> None:
    page.show(OCTOBER)

    click = ActionChains(page.browser.driver).move_to_element_with_offset(*pointer_at(page, 5))
    click.click().perform()

    assert page.calls() == []


def test_the_keyboard_selects_days(page: ChartPage) -> None:
    page.show(OCTOBER)

    press(page, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    assert spoken(page).startswith("Sat, Oct 3, 2026: Total $")
    press(page, Keys.SHIFT + Keys.ARROW_RIGHT, Keys.SHIFT + Keys.ARROW_RIGHT)
    assert spoken(page).startswith("Oct 3–5, 2026 selected: Total $")
    press(page, Keys.ENTER)

    assert page.calls() == [["2026-10-03", "2026-10-05"]]


def test_escape_drops_a_selection(page: ChartPage) -> None:
    page.show(OCTOBER)

    press(page, Keys.SHIFT + Keys.ARROW_RIGHT, Keys.ESCAPE)

    assert not page.browser.driver.find_element(By.CSS_SELECTOR, ".chart-tip").is_displayed()
    press(page, Keys.ENTER)
    assert page.calls() == []


def test_the_box_at_the_pointer_names_every_series(page: ChartPage) -> None:
    shown = page.show(f"{OCTOBER}&compare=previous&from=2026-10-12&to=2026-10-18")
    box = page.browser.driver.find_element(By.CSS_SELECTOR, ".chart-tip")
    assert not box.is_displayed()

    ActionChains(page.browser.driver).move_to_element(plot(page)).perform()

    assert page.texts(".chart-tip p") == ["Thu, Oct 15, 2026"]
    names = page.texts(".chart-tip bdi")
    used = [name for name, values in shown["series"] if values[3] != "0"]
    assert names == ["Total", *reversed(used), "Oct 8, 2026"]
    assert box.is_displayed()
    ActionChains(page.browser.driver).move_to_element(
        page.browser.driver.find_element(By.TAG_NAME, "h1")
    ).perform()
    assert not box.is_displayed()


def test_names_are_picked_in_the_legend(page: ChartPage) -> None:
    page.show("by=job&from=2026-10-01&to=2026-10-31")

    buttons = page.browser.driver.find_elements(By.CSS_SELECTOR, ".chart-legend button")
    next(button for button in buttons if button.text == "archive").click()

    assert page.calls() == ["archive"]


def test_cells_of_a_treemap_are_buttons_for_both_levels(page: ChartPage) -> None:
    page.show(TREE)

    buttons = page.browser.driver.find_elements(By.CSS_SELECTOR, ".tree button")
    cells = {button.get_attribute("aria-label") or "": button for button in buttons}
    next(cells[label] for label in cells if "ios-app" in label).send_keys(Keys.ENTER)
    next(cells[label] for label in cells if label.startswith("shop, $")).click()

    assert page.calls() == [["mobile", "ios-app"], ["shop"]]
    assert all(re.search(r", \$[\d,.]+, <?[\d.]+%$", label) for label in cells)


@pytest.mark.parametrize("metric", ["cost", "job_runs", "run_minutes", "cost_per_run"])
def test_the_table_has_the_exact_values_of_the_bars(page: ChartPage, metric: str) -> None:
    shown = page.show(f"{OCTOBER}&metric={metric}")

    rows = page.browser.run(ROWS)

    columns = [shown["buckets"], *(values for _, values in shown["series"])]
    exact = [list(row) for row in zip(*columns, strict=True)]
    assert [row[: len(columns)] for row in rows] == exact
    if metric != "cost_per_run":
        totals = ["" if "" in row else sum(map(Decimal, row[1:-1])) for row in rows]
        assert ["" if row[-1] == "" else Decimal(row[-1]) for row in rows] == totals


def test_bars_are_as_high_as_their_values(page: ChartPage) -> None:
    shown = page.show(OCTOBER)
    paths = page.browser.run(BARS)

    bars = re.findall(r"M\d+ ([\d.]+)H\d+V([\d.]+)", paths[0])
    heights = [float(bottom) - float(top) for top, bottom in bars]
    values = [float(value) for value in shown["series"][0][1] if float(value or 0)]
    assert len(paths) == len(shown["series"])
    assert heights == pytest.approx([value * heights[0] / values[0] for value in values], abs=1.1)


def test_days_that_are_not_known_are_hatched_and_said(page: ChartPage) -> None:
    page.show(OCTOBER)

    assert page.texts(".hint") == ["Hatched: the usage of 3 days is not known."]
    press(page, *[Keys.ARROW_RIGHT] * 19)
    assert spoken(page) == "Tue, Oct 20, 2026: Total not known"


def test_values_that_do_not_add_up_are_lines(page: ChartPage) -> None:
    page.show(f"{OCTOBER}&metric=cost_per_run")

    assert "Lines instead of stacked bars: ratios do not add up." in page.texts(".hint")
    assert page.texts(".chart-table thead th")[-1] != "Total"


@pytest.mark.parametrize("address", [f"{OCTOBER}&compare=previous", TREE, "by=&granularity=month"])
def test_an_svg_file_needs_nothing_else(page: ChartPage, address: str) -> None:
    page.show(f"{address}&from=2026-10-01&to=2026-10-31&status!=failed")
    title = "Cost & <project> \x01 · project=web-*"

    text = page.browser.run("return svgFile(document.querySelector('figure'), arguments[0])", title)

    root = ET.fromstring(text)
    assert root.findtext(f"{SVG}title") == "Cost & <project> � · project=web-*"
    words = {element.text for element in root.iter(f"{SVG}text")}
    assert {"Cost & <project> � · project=web-*", "Oct 1–31, 2026 · Status: not failed"} <= words
    assert not re.search(r"var\(|color\(|class=|style=|href|NaN", text)
    page.browser.screen("dark", 1000)
    page.drawn()
    assert page.browser.run("return svgFile(document.querySelector('figure'), '')") != text


def test_a_png_file_is_a_picture(page: ChartPage) -> None:
    page.show(OCTOBER)

    script = """
    const blob = await pngFile(document.querySelector("figure"), "Cost", 2);
    const bytes = new Uint8Array(await blob.arrayBuffer());
    return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
    """
    encoded = page.browser.run(f"return (async () => {{ {script} }})()")

    picture = Image.open(io.BytesIO(base64.b64decode(encoded)))
    width = page.browser.run("return document.querySelector('figure').clientWidth")
    assert picture.size[0] == 2 * (width + 48)
    colors = {color for _, color in picture.convert("RGB").getcolors(1 << 20) or []}
    assert {(4, 72, 174), (255, 255, 255)} <= colors


@pytest.mark.parametrize("address", [OCTOBER, TREE, f"{OCTOBER}&compare=previous&metric=credits"])
@pytest.mark.parametrize("width", [300, 360, 1400])
def test_nothing_is_wider_than_the_screen(page: ChartPage, address: str, width: int) -> None:
    page.show(address)
    page.browser.screen("light", width)
    page.drawn()

    assert page.browser.run("return document.documentElement.scrollWidth") <= width
    figure, drawn = page.browser.run(WIDTHS)
    assert drawn == pytest.approx(figure, abs=1)


def palette(sheet: str) -> list[str]:
    return re.findall(r"--series-\d+: (#[0-9a-f]{6});", sheet)


@pytest.mark.parametrize("eyes", EYES)
def test_no_two_of_the_colors_look_alike(eyes: str) -> None:
    light, dark = STYLE.read_text(encoding="utf-8").split("prefers-color-scheme: dark")
    dark_page = ("#2b80ff", "#bce1f3", "#f7d916", "#e26825", "#20d68d", "#b268c3", "#61656b")

    assert len(palette(light)) == len(palette(dark)) == 6
    assert least_difference([*style.SERIES, style.REST, *palette(light)], eyes) > 20
    assert least_difference([*dark_page, *palette(dark)], eyes) > 20


def test_the_colors_stand_out_from_the_page() -> None:
    light, dark = STYLE.read_text(encoding="utf-8").split("prefers-color-scheme: dark")

    assert min(contrast(color, style.SURFACE) for color in palette(light)) > 1.8
    assert min(contrast(color, "#11151b") for color in palette(dark)) > 2
