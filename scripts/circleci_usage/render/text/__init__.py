"""Sentences, Markdown, Slack and terminal."""
