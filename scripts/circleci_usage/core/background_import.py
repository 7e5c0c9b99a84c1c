"""Importing a slow module in a thread, while other work does not need Python."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib import import_module


@contextmanager
def imported_meanwhile(module: str) -> Iterator[None]:
    """Import a module while the body runs; leaving waits until it is there.

    An import that fails says so where the module is imported for use.
    """
    with ThreadPoolExecutor(1) as thread:
        thread.submit(import_module, module)
        yield
