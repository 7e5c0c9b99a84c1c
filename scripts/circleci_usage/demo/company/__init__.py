"""The sample company: generated usage."""
