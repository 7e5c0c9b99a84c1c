"""What an export is made with unless somebody says otherwise: for the engine and for the flags, said once."""

from typing import Final

POLL_SECONDS: Final = 15
"""The first wait before an export is looked at."""

MAX_WAIT: Final = "60m"
"""How long to wait for CircleCI in all."""

MAX_RATIO: Final = 200
"""How many times its size a part may unpack to. Exports have about 6."""

MAX_STORE_GB: Final = 50
"""How large the parts in the store may become in all, in GB."""

GB: Final = 10**9
"""Bytes, as disks are sold; not 2^30."""
