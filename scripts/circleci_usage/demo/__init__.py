"""A sample company and a stand-in for CircleCI: the full pipeline without an account."""
