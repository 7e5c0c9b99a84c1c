"""The job for `.circleci/config.yml` that writes the report every week."""

from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import Final

from circleci_usage.config.yaml_scalars import scalar
from circleci_usage.export.organization_names import is_id
from circleci_usage.schema.keys import OrganizationKey
from circleci_usage.settings_proposal.addresses import ORB
from circleci_usage.settings_proposal.comments import names_in_words

_PARAMETER: Final = "          "


def orb_job(organizations: Sequence[OrganizationKey] = (), config: PurePath | None = None) -> str:
    """A configuration with the orb and one workflow, which only a schedule starts.

    Args:
        organizations: all whose usage is wanted, those of one plan. One alone is not named: the
            orb takes the one that runs the job.
        config: the settings file, relative to the repository's root; None where it is found
            without being named.
    """
    return "\n".join([*_workflow(), *_organizations(organizations), *_config(config)]) + "\n"


def _workflow() -> Iterator[str]:
    yield "version: 2.1"
    yield "orbs:"
    yield f"  usage-exporter: {ORB}"
    yield "workflows:"
    yield "  weekly-usage:"
    yield "    when: # a schedule trigger starts it, a push does not"
    yield "      equal: [scheduled_pipeline, << pipeline.trigger_source >>]"
    yield "    jobs:"
    yield "      - usage-exporter/usage_report:"
    yield f"{_PARAMETER}period: last-week"
    variables = "CIRCLECI_API_TOKEN and CIRCLECI_API_TOKEN_EXPIRES"
    yield f"{_PARAMETER}context: circleci-usage # has {variables}"


def _organizations(organizations: Sequence[OrganizationKey]) -> Iterator[str]:
    ids = [key.organization_id for key in organizations]
    if len(ids) > 1 and all(map(is_id, ids)):
        names = names_in_words([key.organization for key in organizations])
        yield f"{_PARAMETER}# {names}: of one plan; the first requests the export"
        yield f"{_PARAMETER}org_id: {','.join(ids)}"


def _config(config: PurePath | None) -> Iterator[str]:
    if config is not None:
        # CircleCI would parse `<<` as the beginning of a parameter.
        path = str(config).replace("<<", r"\<<")
        yield f"{_PARAMETER}config: {scalar(path)}"
