"""Which team each action that saves money is listed with: the main owner of what it is about."""

from collections import defaultdict
from collections.abc import Mapping

from circleci_usage.analysis.savings import Action, Dismissed, Savings
from circleci_usage.analysis.savings.ranking import RankedAction
from circleci_usage.analysis.teams.main_owners import MainOwners
from circleci_usage.costs.allocation import UNALLOCATED


def savings_by_team(savings: Savings, owners: MainOwners) -> Mapping[str, Savings]:
    """The actions of each team, in their order, with what they count in the whole list.

    So the teams sum to the whole. What no team owns, such as seats of an organization, is with the
    unallocated costs.
    """
    actions: defaultdict[str, list[RankedAction]] = defaultdict(list)
    dismissed: defaultdict[str, list[Dismissed]] = defaultdict(list)
    for ranked in savings.actions:
        actions[_owner(ranked.action, owners)].append(ranked)
    for each in savings.dismissed:
        dismissed[_owner(each.action, owners)].append(each)
    return {
        team: Savings(tuple(actions[team]), tuple(dismissed[team]), savings.minimum)
        for team in dict.fromkeys((*actions, *dismissed))
    }


def _owner(action: Action, owners: MainOwners) -> str:
    """The main owner of the job, else of the workflow, else of the project."""
    job = action.where.job_key
    keys = (job, job.workflow_key, job.project_key)
    found = (owners.owners[key] for key in keys if key in owners.owners)
    return next(found, UNALLOCATED)
