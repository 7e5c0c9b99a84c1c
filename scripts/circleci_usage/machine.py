"""What there is to compute with."""

import atexit
import gc
import os
from typing import Final

_OBJECTS: Final = 100_000


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def spare_memory() -> None:
    """Have Polars' allocator take less memory. To be called before Polars is imported; what somebody has set, stays.

    It has four arenas a core, each of which keeps for ten seconds what was freed. With one a core, and for a second,
    the heavy pass takes a fifth less memory and no more time.
    """
    settings = f"narenas:{cores()},lg_tcache_max:20,dirty_decay_ms:1000,muzzy_decay_ms:0"
    os.environ.setdefault("_RJEM_MALLOC_CONF", settings)


def spare_time() -> None:
    """Have Python look less often for objects that only know each other: a report is many objects without any such.

    Looking after every few hundred new objects, as it does, takes a tenth of the time of a report from the cache, and
    looking through all of them at the end, when the system takes everything back anyway, another tenth.
    """
    gc.set_threshold(_OBJECTS)
    atexit.register(gc.freeze)
