"""Which jobs a place in the text sets, and how CircleCI numbers jobs of one name."""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from circleci_usage.circleci_config.documents import lineage
from circleci_usage.circleci_config.drafts import CLASS, PARALLELISM, Drafts, own_keys
from circleci_usage.circleci_config.jobs import ConfigJob, ConfigValue, Insertion, Span
from circleci_usage.circleci_config.workflows import StartedJob

_Titles = Mapping[Hashable, list[str]]


@dataclass(frozen=True)
class DraftJob:
    """A job before it is known what it shares with others.

    Attributes:
        started: by its workflow.
        name: of the job.
        drafts: its settings.
        likeness: what is equal for jobs of one name that CircleCI takes for the same.
        other_names: what it may be called, too.
    """

    started: StartedJob
    name: str
    drafts: Drafts
    likeness: Hashable
    other_names: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """How it is called beside jobs of other workflows."""
        return f"{self.started.workflow}/{self.name}"


def config_jobs(drafts: Sequence[DraftJob]) -> list[ConfigJob]:
    """The jobs of a file, with their names in usage and what they share."""
    numbered = _numbered(drafts)
    by_place = _by_place(numbered)
    by_mapping = _by_mapping(numbered)
    return [_config_job(each, by_place, by_mapping) for each in numbered]


def _numbered(drafts: Sequence[DraftJob]) -> list[DraftJob]:
    """The jobs with the numbers that CircleCI gives those of one name that differ.

    It numbers them in the order of the file (`test-1`, `test-2`), but only among the workflows
    that run, so that in its workflow the only one of a name may have none, or any.
    """
    versions: dict[str, list[Hashable]] = defaultdict(list)
    for draft in drafts:
        known = versions[draft.name]
        known += [] if draft.likeness in known else [draft.likeness]
    uses = Counter((draft.started.workflow, draft.name) for draft in drafts)
    return [_numbered_job(each, versions[each.name], uses) for each in drafts]


def _numbered_job(
    draft: DraftJob, versions: Sequence[Hashable], uses: Counter[tuple[str, str]]
) -> DraftJob:
    others = draft.started.names[1:]
    if len(versions) == 1:
        return replace(draft, other_names=others)
    numbers = [f"{draft.name}-{number}" for number, _ in enumerate(versions, 1)]
    if uses[draft.started.workflow, draft.name] == 1:
        return replace(draft, other_names=(*others, *numbers))
    return replace(draft, name=numbers[versions.index(draft.likeness)])


def _by_place(drafts: Sequence[DraftJob]) -> _Titles:
    """Place → the jobs of which it sets something."""
    titles: dict[Hashable, list[str]] = defaultdict(list)
    for draft in drafts:
        for value in _values(draft.drafts):
            if isinstance(value.place, Span):
                titles[value.place].append(draft.title)
    return titles


def _by_mapping(drafts: Sequence[DraftJob]) -> _Titles:
    """Mapping and key → the jobs that the key would change if it were added to the mapping."""
    titles: dict[Hashable, list[str]] = defaultdict(list)
    for draft in drafts:
        definition = draft.drafts.definition
        free = {CLASS, PARALLELISM} - (own_keys(definition) if definition else set())
        for mapping in lineage(definition):
            for key in free:
                titles[id(mapping), key].append(draft.title)
    return titles


def _config_job(draft: DraftJob, by_place: _Titles, by_mapping: _Titles) -> ConfigJob:
    started, settings = draft.started, draft.drafts

    def shared(value: ConfigValue, key: str = "") -> ConfigValue:
        added = _others(draft, by_mapping.get((id(settings.definition), key), []))
        is_added = isinstance(value.place, Insertion)
        return replace(
            value,
            shared_with=added if is_added else _others(draft, by_place.get(value.place, [])),
            own_shared_with=added if value.own_place else (),
        )

    return ConfigJob(
        workflow=started.workflow,
        name=draft.name,
        definition=started.definition,
        executor=settings.executor,
        resource_class=shared(settings.resource_class, CLASS),
        parallelism=shared(settings.parallelism, PARALLELISM),
        layer_caching=shared(settings.layer_caching),
        schedules=started.schedules,
        is_conditional=started.is_conditional,
        branches=started.branches,
        other_names=draft.other_names,
    )


def _others(draft: DraftJob, titles: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(title for title in titles if title != draft.title))


def _values(drafts: Drafts) -> Iterator[ConfigValue]:
    yield from (drafts.resource_class, drafts.parallelism, drafts.layer_caching)
