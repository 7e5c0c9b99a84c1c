"""The README's picture: the top of the demo's page.

Run `python tools/picture.py docs/report.png`.
"""

import base64
import io
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

WIDTH, HEIGHT, SHARPNESS = 1280, 956, 1.5
COLORS = 96
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
)


def main(picture: Path) -> None:
    """Redraw the picture."""
    with TemporaryDirectory() as folder:
        demo = [sys.executable, "-m", "circleci_usage", "demo", "--quiet", "--output", "report"]
        subprocess.run(demo, cwd=folder, check=True)
        taken = screenshot(Path(folder) / "report" / "index.html")
    picture.parent.mkdir(parents=True, exist_ok=True)
    with Image.open(io.BytesIO(taken)) as page:
        page.convert("RGB").quantize(COLORS, dither=Image.Dither.NONE).save(picture, optimize=True)


def screenshot(page: Path) -> bytes:
    """The top of a page as a PNG."""
    options = webdriver.ChromeOptions()
    for flag in FLAGS:
        options.add_argument(flag)
    with webdriver.Chrome(
        options=options, service=Service(shutil.which("chromedriver"))
    ) as chromium:
        chromium.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": WIDTH, "height": HEIGHT, "deviceScaleFactor": SHARPNESS, "mobile": False},
        )
        chromium.execute_cdp_cmd(
            "Emulation.setEmulatedMedia",
            {"features": [{"name": "prefers-color-scheme", "value": "light"}]},
        )
        chromium.get(page.as_uri())
        return base64.b64decode(chromium.execute_cdp_cmd("Page.captureScreenshot", {})["data"])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
