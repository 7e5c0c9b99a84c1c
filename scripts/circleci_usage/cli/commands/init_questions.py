"""What `init` asks on a terminal; Enter accepts each proposal."""

from dataclasses import replace
from decimal import Decimal

from rich.console import Console
from rich.prompt import Confirm, InvalidResponse, PromptBase
from rich.table import Table
from rich.text import Text

from circleci_usage.analysis.team_proposals import ProposedTeam
from circleci_usage.config.environment import price_per_credit
from circleci_usage.core.decimals import ratio
from circleci_usage.core.errors import SettingsError
from circleci_usage.core.plurals import counted
from circleci_usage.core.untrusted_text import inert
from circleci_usage.render.formatting import number_of, percent
from circleci_usage.settings_proposal.proposal import Proposal

_SHOWN = 60


class _PricePrompt(PromptBase[Decimal]):
    """Repeats the question until the answer is a price."""

    response_type = Decimal

    def process_response(self, value: str) -> Decimal:
        try:
            return price_per_credit(value)
        except SettingsError as error:
            raise InvalidResponse(Text(str(error))) from None


def ask_about(proposal: Proposal, *, price_is_given: bool) -> Proposal:
    """The proposal with a person's decisions; standard output remains for the result.

    Raises:
        EOFError: the input has ended, as with Ctrl-D.
    """
    console = Console(stderr=True, highlight=False)
    if not price_is_given:
        question = "Price per credit in USD; Enter: CircleCI's list price"
        price = _PricePrompt.ask(question, console=console, default=proposal.price)
        proposal = replace(proposal, price=price)
    if proposal.usage and proposal.teams.teams:
        console.print("Proposed teams, by the first word of the projects' names:")
        console.print(_teams(proposal))
        question = "Use these teams? You can change them later"
        accepts = Confirm.ask(question, console=console, default=True)
        proposal = replace(proposal, accepts_teams=accepts)
    return proposal


def _teams(proposal: Proposal) -> Table:
    table = Table.grid(padding=(0, 2))
    whole = proposal.usage.credits if proposal.usage else Decimal(0)
    for team in proposal.teams.teams:
        table.add_row(*map(Text, _cells(team, whole)))
    return table


def _cells(team: ProposedTeam, whole: Decimal) -> tuple[str, ...]:
    return (
        inert(team.name, _SHOWN),
        inert(", ".join(team.globs), _SHOWN),
        percent(ratio(team.credits, whole)),
        number_of(team.credits, "credit"),
        counted(len(team.projects), "project"),
    )
