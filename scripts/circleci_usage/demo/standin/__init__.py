"""The stand-in for CircleCI's API, on loopback."""
