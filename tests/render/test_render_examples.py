"""The examples in the docstrings of render are true."""

import doctest
import importlib
import pkgutil

from circleci_usage import render


def test_the_examples() -> None:
    attempted = 0
    for module in pkgutil.walk_packages(render.__path__, f"{render.__name__}."):
        results = doctest.testmod(importlib.import_module(module.name))
        assert not results.failed, module.name
        attempted += results.attempted
    assert attempted
