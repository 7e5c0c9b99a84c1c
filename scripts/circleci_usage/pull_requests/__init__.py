"""The network end toward GitHub: one comment on a pull request, which is updated.

The token is read from the environment, and sent to GitHub's API alone.
"""
