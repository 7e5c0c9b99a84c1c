"""What to do to spend less: one list of actions, in order of money.

Each finder looks for one kind of action in what the analyses know; `find.FINDERS` lists them. An
action says where, what it saves a month, how sure that is, and by what evidence. `certain`: runs
cost less at the same duration. `likely`: CircleCI states a speed-up, or measurements show headroom
or waste. `worth a look`: a person has to judge; its amount is the most that there can be to save,
and in no total.

`ranking` puts the actions in order and counts each dollar once: actions on the same costs are
either alternatives, of which only the difference counts, or apply one after the other to what is
left. All amounts are contracted costs a month (30.4375 days), before included credits, because
what is saved would have been paid at that price.
"""

from circleci_usage.analysis.savings.actions import Action, Change, Saved
from circleci_usage.analysis.savings.find import find_savings
from circleci_usage.analysis.savings.known import SavingsInput
from circleci_usage.analysis.savings.ranking import Dismissed, Savings
from circleci_usage.analysis.savings.savings_settings import Dismissal, SavingsSettings

__all__ = [
    "Action",
    "Change",
    "Dismissal",
    "Dismissed",
    "Saved",
    "Savings",
    "SavingsInput",
    "SavingsSettings",
    "find_savings",
]
