"""The examples in the docstrings of the package are true."""

import doctest
import importlib
import pkgutil

import circleci_usage

# Spark is installed apart; the entry point runs when it is imported.
LEFT_OUT = ("circleci_usage.usage.spark.", "circleci_usage.__main__")


def test_the_examples() -> None:
    attempted = 0
    for module in pkgutil.walk_packages(circleci_usage.__path__, "circleci_usage."):
        if not module.name.startswith(LEFT_OUT):
            results = doctest.testmod(importlib.import_module(module.name))
            assert not results.failed, module.name
            attempted += results.attempted
    assert attempted
