"""A page that lists a report folder as the Artifacts tab of a CircleCI job does: paths as links.

It is not CircleCI's own page, and says so.
"""

from collections import Counter
from html import escape
from pathlib import Path, PurePosixPath
from typing import Final

from circleci_usage.schema.report_files import PAGE_NAME, REPORT_FOLDER

_PAGE: Final = """\
<!doctype html>
<meta charset="utf-8">
<title>Artifacts</title>
<style>
  body {{ margin: 32px 40px; font: 16px/1.2 "Liberation Sans", Arial, sans-serif; color: #222; }}
  h1 {{ font-size: 22px; margin: 0 0 6px; }}
  p {{ margin: 0 0 18px; color: #555; }}
  table {{ border-collapse: collapse; width: 100%; }}
  td {{ padding: 7px 12px; border-top: 1px solid #ddd; }}
  td:last-child {{ text-align: right; color: #555; white-space: nowrap; }}
  b {{ color: #0b63c4; font-weight: normal; text-decoration: underline; }}
</style>
<h1>Artifacts of usage-exporter/usage_report</h1>
<p>The files of the demo's report, in the order of their paths. Drawn by this project, not by
CircleCI; the tab lists every file.</p>
<table>{rows}</table>
"""


def artifact_list(report: Path) -> str:
    """The page: each file in the folder with its size, each subfolder with its number of files."""
    files = {
        PurePosixPath(path.relative_to(report)): path.stat().st_size
        for path in report.rglob("*")
        if path.is_file()
    }
    sizes: Counter[str] = Counter()
    numbers: Counter[str] = Counter()
    for path, size in files.items():
        line = _line(path)
        sizes[line] += size
        numbers[line] += 1
    rows = [_row(line, numbers[line], sizes[line]) for line in sorted(sizes)]
    return _PAGE.format(rows="".join(rows))


def _line(path: PurePosixPath) -> str:
    """Where a file is listed: itself, or the folder that stands for all of its files."""
    return str(path) if len(path.parts) == 1 else f"{path.parts[0]}/"


def _row(line: str, files: int, size: int) -> str:
    shown = f"<b>{escape(f'{REPORT_FOLDER}/{line}')}</b>"
    if line.endswith("/"):
        shown += f" … {files} files"
    elif line == PAGE_NAME:
        shown += " ← open this one"
    return f"<tr><td>{shown}</td><td>{size / 1e3:,.0f} kB</td></tr>"
