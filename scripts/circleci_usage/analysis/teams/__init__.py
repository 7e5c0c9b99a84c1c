"""The part of each team: what it is charged, and what the analyses say about its jobs."""
