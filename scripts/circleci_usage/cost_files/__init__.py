"""The costs in the formats of other tools: FOCUS and others."""
