"""One question a module, each a pure function of daily usage and owned costs."""
