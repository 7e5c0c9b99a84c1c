"""Right-sizing: jobs on too large or too small resource classes, and what another class saves.

Method (right-sizing in the FinOps Framework; AWS Compute Optimizer is similar): the 95th percentile
of the runs' CPU and RAM peaks plus `HEAD_ROOM` must fit a smaller class; of those that fit, the
cheapest is suggested, however many sizes it is away. CircleCI caps CPU peaks at 100%, so a full
peak never proves that less is enough. A job is under-provisioned when both are at their limit; it
is shown what the next larger class costs. With fewer than `ENOUGH_RUNS` measured runs there is no
verdict, and no monthly saving is projected from fewer runs, however certain it is per minute.

A saving is certain where a rate is lower and runs take as long as before: by a smaller class, by
the next generation of a class, or by both. Each job gets the one of these that saves most, and no
other is counted beside it. What only pays if runs become faster is shown apart, and only where they
may: by the next generation, no faster than CircleCI itself says; by a larger class, where the
median of CPU is near its limit. Sizes come from the rate table or the settings file, rates also
from the export.

`resource_classes` knows what rates say about the classes in use, `monthly_costs` projects a month,
`recommendations`, `migrations` and `speed_ups` each answer their question, `right_sizing` puts them
together.
"""

from circleci_usage.analysis.rightsizing.migrations import Migration
from circleci_usage.analysis.rightsizing.recommendations import SAVINGS_ASSUME, Recommendation
from circleci_usage.analysis.rightsizing.resource_classes import UsedClass
from circleci_usage.analysis.rightsizing.right_sizing import RightSizing, right_size
from circleci_usage.analysis.rightsizing.speed_ups import SpeedUp

__all__ = [
    "SAVINGS_ASSUME",
    "Migration",
    "Recommendation",
    "RightSizing",
    "SpeedUp",
    "UsedClass",
    "right_size",
]
