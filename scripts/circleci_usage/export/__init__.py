"""The network end towards CircleCI: API client, export engine, store and its ledger."""
