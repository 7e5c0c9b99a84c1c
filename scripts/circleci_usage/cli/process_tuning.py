"""How the process is tuned before its libraries are imported."""

import atexit
import ctypes
import gc
import os
from typing import Final

from circleci_usage.core.machine import cores

_OBJECTS: Final = 100_000
_PIECE: Final = 4 << 20
_LARGE: Final = 4 << 20
_SPARE: Final = 32 << 20
# As malloc.h numbers them.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3


def limit_memory() -> None:
    """Have Polars and the allocators take less. To be called before Polars is imported.

    Polars unpacks a CSV file piece by piece, and has several pieces in hand. With small ones,
    reading the parts takes two thirds of the memory and no more time.

    Its allocator has four arenas a core, each of which keeps what was freed for ten seconds. With
    one a core, and for half a second, the heavy pass takes a quarter less memory and no more time;
    for a quarter of a second, it takes more of that. What somebody has set, stays.

    The C library, which pandas' columns come from, learns to keep ever larger blocks, between which
    nothing else fits. Told to give back those over 4 MiB, as it does at first, it takes a tenth
    less for a large report. It keeps 32 MiB for what comes next: to give that back and ask for it
    again took a twentieth of the time.
    """
    os.environ.setdefault("POLARS_CSV_CHUNK_SIZE", str(_PIECE))
    settings = f"narenas:{cores()},lg_tcache_max:20,dirty_decay_ms:500,muzzy_decay_ms:0"
    os.environ.setdefault("_RJEM_MALLOC_CONF", settings)
    # Only glibc has it.
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option:
        set_option(_MMAP_THRESHOLD, _LARGE)
        set_option(_TRIM_THRESHOLD, _SPARE)


def skip_idle_gc() -> None:
    """Leave undone what a report has no use for. To be called before NumPy is imported.

    NumPy's linear algebra has a thread a core wait for work that never comes.

    Python looks every few hundred new objects for such as only know each other, of which a report
    has none; that takes a tenth of the time of a report from the cache, and looking through all of
    them at the end, when the system takes everything back anyway, another tenth.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    gc.set_threshold(_OBJECTS)
    atexit.register(gc.freeze)


def tune_process() -> None:
    """All of it."""
    limit_memory()
    skip_idle_gc()
