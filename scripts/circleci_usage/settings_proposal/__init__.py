"""A first settings file, proposed from usage: what `circleci-usage init` writes."""
