"""The export from CircleCI: API client, export engine, store and its ledger."""
