"""What CircleCI credits cost, who spent them and on what."""

__version__ = "1.0.0"
