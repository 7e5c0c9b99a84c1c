"""The usage engine on this machine: Polars, streamed."""
