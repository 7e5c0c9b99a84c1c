"""Settings of the process, and what each was measured to bring. No other module tunes anything.

Only the early import is elsewhere: the pipeline loads what writes while the engine reads, and waits
for it before it writes. What draws is loaded by a process of its own.

`python -m benchmarks.tuning` measures a report with each of them left out in turn. For 300,000 job
runs, measured on 2 cores, these were the ratios to all settings: medians of three runs, of which
differences below 0.03 are noise. Small CSV chunks pay with larger exports: reading 4.3 million rows
took 300 MB instead of 470.

| without | time | CPU time | peak memory |
| --- | ---: | ---: | ---: |
| small CSV chunks | 0.99 | 0.98 | 1.00 |
| few Polars arenas | 1.03 | 1.03 | 1.25 |
| large blocks returned | 1.01 | 1.00 | 1.04 |
| one BLAS thread | 1.02 | 1.04 | 1.00 |
| rare garbage collection | 1.13 | 1.11 | 1.00 |
| no last garbage collection | 1.07 | 1.06 | 0.99 |
| early import | 1.01 | 1.01 | 0.92 |
| any setting | 1.18 | 1.17 | 1.18 |
"""

import atexit
import ctypes
import gc
import os
from collections.abc import Callable, Collection, Mapping
from typing import Final

from circleci_usage.core.machine import cores

_OBJECTS: Final = 1_000_000
"""New objects between two runs of the garbage collector; Python's default is in the hundreds."""

_CSV_CHUNK: Final = 4 << 20
"""Bytes of CSV that Polars decompresses at a time."""

_LARGE_BLOCK: Final = 4 << 20
"""Bytes from which the C library returns a freed block to the system at once."""

_SPARE: Final = 32 << 20
"""Freed bytes that the C library keeps for what comes next."""

# Parameters of mallopt, as malloc.h numbers them.
_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3


def _limit_csv_chunks() -> None:
    """Polars decompresses a CSV file piece by piece, several at a time: small ones save memory."""
    os.environ.setdefault("POLARS_CSV_CHUNK_SIZE", str(_CSV_CHUNK))


def _limit_polars_arenas() -> None:
    """Polars' allocator has four arenas per core, each of which keeps freed memory for ten seconds.

    One per core and half a second are enough; a quarter of a second would cost time.
    """
    settings = f"narenas:{cores()},lg_tcache_max:20,dirty_decay_ms:500,muzzy_decay_ms:0"
    os.environ.setdefault("_RJEM_MALLOC_CONF", settings)


def _return_large_blocks() -> None:
    """The C library, which pandas' columns come from, learns to keep ever larger freed blocks.

    With a fixed limit, it goes on to return them to the system. Only glibc has these options.
    """
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option:
        set_option(_MMAP_THRESHOLD, _LARGE_BLOCK)
        set_option(_TRIM_THRESHOLD, _SPARE)


def _limit_blas_threads() -> None:
    """NumPy's linear algebra starts a thread per core, none of which a report uses."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def _collect_seldom() -> None:
    """Python looks for reference cycles every few hundred objects; a report has hardly any."""
    gc.set_threshold(_OBJECTS)


def _skip_last_collection() -> None:
    """At its end, Python collects garbage once more, just before the system frees everything."""
    atexit.register(gc.freeze)


TUNINGS: Final[Mapping[str, Callable[[], None]]] = {
    "small CSV chunks": _limit_csv_chunks,
    "few Polars arenas": _limit_polars_arenas,
    "large blocks returned": _return_large_blocks,
    "one BLAS thread": _limit_blas_threads,
    "rare garbage collection": _collect_seldom,
    "no last garbage collection": _skip_last_collection,
}
"""What is set before NumPy, pandas and Polars are imported."""


def tune_process(without: Collection[str] = ()) -> None:
    """Tune the process, before NumPy, pandas and Polars are imported.

    Environment variables that a user has set are kept.

    Args:
        without: keys of `TUNINGS` to leave out, for the benchmark.
    """
    for name, apply in TUNINGS.items():
        if name not in without:
            apply()
