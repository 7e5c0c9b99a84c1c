"""Charts as SVG and PNG."""

import logging

# Matplotlib's remarks on caches and missing fonts, some of them made while it is imported, mean
# nothing to the reader of a report.
logging.getLogger("matplotlib").setLevel(logging.ERROR)
