"""No file of a report names a user unless somebody chose so, except the tables that say it."""

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import pytest
from isal import igzip

from circleci_usage.demo.company.exportfile import write_part
from inprocess import run_here
from push_plans import SNAPSHOT, amounts
from push_runner import plan_push
from report_folders import NOW
from rows import job_run

USERS = {f"7bc3345f-0000-4000-8000-00000000000{number}": f"Person {number}" for number in range(3)}
TABLE = "tables/users.csv"
ROWS = "merged.csv.gz"


def written(folder: Path, how: str) -> dict[str, str]:
    """The texts of all files of a report, by their paths; pictures left out."""
    write_part(
        folder / "part.csv.gz",
        [
            job_run("1000", PIPELINE_TRIGGER_USER_ID=user, IS_UNREGISTERED_USER="false")
            for user in USERS
        ],
    )
    people = ", ".join(f"{user}: {{name: {name}}}" for user, name in USERS.items())
    (folder / "usage.yml").write_text(f"people: {{{how}users: {{{people}}}}}\n")
    tools = [f"--export-for={tool}" for tool in ("vantage", "finout", "doit", "datadog-costs")]
    done = run_here(
        *("report", "part.csv.gz", "--output", "out", "--config", "usage.yml", *tools),
        cwd=folder,
        env={},
    )
    assert done.code == 0, done.err
    files = [path for path in (folder / "out").rglob("*") if path.is_file()]
    texts = {
        str(path.relative_to(folder / "out")): _text(path)
        for path in files
        if path.suffix != ".png"
    }
    return texts | {"(terminal)": done.out + done.err}


def _text(path: Path) -> str:
    content = path.read_bytes()
    return (igzip.decompress(content) if path.suffix == ".gz" else content).decode()


def with_any(texts: Mapping[str, str], words: list[str]) -> set[str]:
    return {name for name, text in texts.items() if any(word in text for word in words)}


HASHES = [sha256(user.encode()).hexdigest()[:16] for user in USERS]
NAMES = [*USERS.values()]
METRICS = "metrics.prom"
PAGE = "index.html"


@pytest.mark.parametrize(
    ("how", "ids", "hashes", "names"),
    [
        ("", {TABLE, ROWS}, set(), set()),
        ("show: no, ", {TABLE, ROWS}, set(), set()),
        ("hash: true, ", {ROWS}, {TABLE}, set()),
        ("show: ids, ", {TABLE, ROWS, PAGE, METRICS}, set(), set()),
        ("show: ids, hash: true, ", {ROWS}, {TABLE, PAGE, METRICS}, set()),
        ("show: names, hash: true, ", {ROWS}, {TABLE}, {TABLE, PAGE, METRICS}),
    ],
)
def test_users_are_only_where_somebody_chose(
    tmp_path: Path, how: str, ids: set[str], hashes: set[str], names: set[str]
) -> None:
    texts = written(tmp_path, how)

    assert with_any(texts, [*USERS]) == ids
    assert with_any(texts, HASHES) == hashes
    assert with_any(texts, NAMES) == names
    pushed = plan_push(tmp_path / "out", SNAPSHOT, NOW)
    tags = {tag for series in pushed.series for tag in series.tags if tag.startswith("user:")}
    assert bool(tags) == (METRICS in hashes | names | ids)
    (active,) = amounts(pushed, "active_users").values()
    (unregistered,) = amounts(pushed, "unregistered_users").values()
    assert active == 3
    assert unregistered == 0
