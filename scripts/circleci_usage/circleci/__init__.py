"""The network end towards CircleCI: one session, the export engine, the store and its ledger."""
