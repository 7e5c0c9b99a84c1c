"""Defaults of an export, shared by the engine and the command-line flags."""

from typing import Final

POLL_SECONDS: Final = 15
"""Initial poll interval."""

MAX_WAIT: Final = "60m"
"""Maximum total wait for CircleCI."""

MAX_RATIO: Final = 200
"""Maximum decompression ratio of a part. Exports have about 6."""

MAX_STORE_GB: Final = 50
"""Maximum total size of the parts in the store, in GB."""

GB: Final = 10**9
"""Bytes in a gigabyte as disks are sold, not 2^30."""
