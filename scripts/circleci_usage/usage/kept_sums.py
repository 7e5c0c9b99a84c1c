"""The daily sums of a unit, kept with its facts, by the globs that branches are grouped by."""

import hashlib
import json
from pathlib import Path
from typing import Final

import polars as pl

from circleci_usage.core.guarded_open import read_own
from circleci_usage.usage.name_patterns import NamePatterns
from circleci_usage.usage.own_files import are_undamaged, digest
from circleci_usage.usage.polars.sums import BareSums, are_bare_sums

_KEPT: Final = 2
_INDEX_LIMIT: Final = 1 << 10


def sums_name(patterns: NamePatterns) -> str:
    """How the names of the files begin."""
    ordered = patterns.in_order
    depends_on = json.dumps([ordered.branches, ordered.users])
    return f"sums-{hashlib.sha256(depends_on.encode()).hexdigest()[:16]}"


def write_sums(sums: BareSums, name: Path) -> None:
    """Keep sums."""
    frames = {"days": sums.days, "branches": sums.branches, "users": sums.users}
    digests = {}
    for of_what, frame in frames.items():
        file = name.with_name(f"{name.name}-{of_what}.parquet")
        frame.write_parquet(file, compression="zstd", statistics=False)
        digests[of_what] = digest(file)
    name.with_name(f"{name.name}.json").write_text(json.dumps(digests), encoding="ascii")


def load_sums(name: Path) -> BareSums | None:
    """The sums that are kept, if they are there, undamaged, and in the current shape."""
    try:
        digests = json.loads(read_own(name.with_name(f"{name.name}.json"), _INDEX_LIMIT))
        files = [name.with_name(f"{name.name}-{of_what}.parquet") for of_what in digests]
        if [*digests] != ["days", "branches", "users"] or not are_undamaged(
            files, [*digests.values()]
        ):
            return None
        sums = BareSums(*(pl.read_parquet(file, glob=False) for file in files))
    except (OSError, ValueError, TypeError, RecursionError, pl.exceptions.PolarsError):
        return None
    except pl.exceptions.PanicException:
        # A bug of Polars, which a crafted file may trigger: treat the file as damaged.
        return None
    return sums if are_bare_sums(sums) else None


def remove_older_sums(folder: Path) -> None:
    """Keep only the latest sums of a unit."""
    found = sorted(folder.glob("sums-*.json"), key=lambda file: file.stat().st_mtime_ns)
    for file in found[:-_KEPT]:
        for each in folder.glob(f"{file.stem}*"):
            each.unlink(missing_ok=True)
