"""The README's pictures, from the demo: the top of its page, and its files as artifacts.

Run `python tools/picture.py docs`: it writes report.png and artifacts.png there.
"""

import base64
import io
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from artifact_list import artifact_list

WIDTH, SHARPNESS = 1280, 1.5
HEIGHT = {"report.png": 900, "artifacts.png": 470}
COLORS = 96
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
)


def main(pictures: Path) -> None:
    """Redraw both pictures."""
    with TemporaryDirectory() as name, chromium() as browser:
        folder = Path(name)
        demo = [sys.executable, "-m", "circleci_usage", "demo", "--quiet", "--output", "report"]
        subprocess.run(demo, cwd=folder, check=True)
        artifacts = folder / "artifacts.html"
        artifacts.write_text(artifact_list(folder / "report"), encoding="utf-8")
        save(screenshot(browser, folder / "report" / "index.html", "report.png"), pictures)
        save(screenshot(browser, artifacts, "artifacts.png"), pictures)


@contextmanager
def chromium() -> Iterator[webdriver.Chrome]:
    """A Chromium with light colors."""
    options = webdriver.ChromeOptions()
    for flag in FLAGS:
        options.add_argument(flag)
    service = Service(shutil.which("chromedriver"))
    with webdriver.Chrome(options=options, service=service) as browser:
        light = [{"name": "prefers-color-scheme", "value": "light"}]
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": light})
        yield browser


def screenshot(browser: webdriver.Chrome, page: Path, name: str) -> tuple[str, bytes]:
    """The name of a picture, and the top of a page as a PNG."""
    screen = {"width": WIDTH, "height": HEIGHT[name], "deviceScaleFactor": SHARPNESS}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen | {"mobile": False})
    browser.get(page.as_uri())
    return name, base64.b64decode(browser.execute_cdp_cmd("Page.captureScreenshot", {})["data"])


def save(picture: tuple[str, bytes], folder: Path) -> None:
    """Write a picture with few colors, so that it is small."""
    name, taken = picture
    folder.mkdir(parents=True, exist_ok=True)
    with Image.open(io.BytesIO(taken)) as page:
        few = page.convert("RGB").quantize(COLORS, dither=Image.Dither.NONE)
        few.save(folder / name, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
