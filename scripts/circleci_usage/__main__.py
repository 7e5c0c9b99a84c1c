"""The way in: `circleci-usage` and `python -m circleci_usage`."""

from circleci_usage.cli.app import main

if __name__ == "__main__":
    main()
