"""A made-up company and a stand-in CircleCI API to try everything on, without an account."""
