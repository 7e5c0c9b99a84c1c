"""The `.env` file of the README, filled in for the stand-in."""

from datetime import timedelta
from typing import Final

from circleci_usage.demo.standin.standin import StandIn
from days import today
from markdown_page import code_blocks
from paths import ROOT

_LIFETIME: Final = timedelta(days=89)


def env_file(circleci: StandIn, **more: str) -> str:
    """The text of the file: the README's lines, with the account of the stand-in and more lines."""
    [shown] = [block.text for block in code_blocks(ROOT / "README.md") if block.language == "ini"]
    organization = circleci.company.organizations[0].id
    filled = shown.replace("your-token", circleci.token)
    filled = filled.replace("your-organization-id", organization)
    filled = filled.replace("2027-02-24", str(today() + _LIFETIME))
    more = {"CIRCLECI_URL": circleci.url, "POLL_SECONDS": "0"} | more
    return filled + "".join(f"{name}={value}\n" for name, value in more.items())
