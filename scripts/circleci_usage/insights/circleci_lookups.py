"""The lookups of a report, answered by CircleCI's API."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Final
from urllib.parse import quote

from circleci_usage.core.errors import UsageExporterError
from circleci_usage.core.plurals import counted
from circleci_usage.core.progress import Progress
from circleci_usage.export.api_client import CircleCI
from circleci_usage.insights.asking import Asker, Trouble
from circleci_usage.insights.lookups import (
    AskedProject,
    FlakyTest,
    FoundNames,
    FoundTests,
    LeftOut,
    Lookups,
    MeasuredTest,
)
from circleci_usage.insights.responses import read_flaky_tests, read_test_metrics, read_user_name
from circleci_usage.insights.user_name_cache import KeptName, UserNameCache
from circleci_usage.schema.keys import ProjectKey

_NO_SLUG: Final = "the export does not say what CircleCI's API calls them"


def circleci_lookups(
    client: CircleCI,
    *,
    insights: bool,
    user_names: bool,
    cache: UserNameCache,
    today: date,
    progress: Progress,
) -> Lookups:
    """The lookups that are wanted, answered by CircleCI.

    Args:
        client: of its API; the time of all lookups together is limited.
        insights: whether tests are asked for.
        user_names: whether names of users are asked for.
        cache: what is known of users.
        today: in UTC.
        progress: shows the work.
    """
    asker = Asker(client, progress)
    names = partial(find_user_names, asker, cache, today, progress)
    return Lookups(
        tests=partial(find_tests, asker, progress) if insights else None,
        user_names=names if user_names else None,
    )


def find_tests(asker: Asker, progress: Progress, projects: Sequence[AskedProject]) -> FoundTests:
    """What Insights says about the tests of projects: a request each, and one per workflow."""
    search = _TestSearch(asker)
    with progress.task("Asking CircleCI for tests", len(projects), "projects") as task:
        for project in projects:
            search.ask(project)
            task.advance(1)
    return search.found()


class _TestSearch:
    """Asks project by project, and keeps what is found."""

    def __init__(self, asker: Asker) -> None:
        self._asker = asker
        self._flaky: list[FlakyTest] = []
        self._measured: list[MeasuredTest] = []
        self._projects = 0
        self._left_out: dict[str, list[ProjectKey]] = {}
        self._workflows: Counter[Trouble] = Counter()

    def ask(self, project: AskedProject) -> None:
        """Ask about a project, and about its workflows if CircleCI knows it."""
        if project.slug is None:
            self._left_out.setdefault(_NO_SLUG, []).append(project.key)
            return
        path = f"insights/{project.slug}"
        read = partial(read_flaky_tests, project=project.key)
        flaky = self._asker.ask(f"{path}/flaky-tests", read)
        if isinstance(flaky, Trouble):
            self._left_out.setdefault(flaky, []).append(project.key)
            return
        self._projects += 1
        self._flaky += flaky
        for workflow in project.workflows:
            self._ask_workflow(path, project.key, workflow)

    def _ask_workflow(self, path: str, project: ProjectKey, workflow: str) -> None:
        """Ask for all branches: what a job costs is of all of them too."""
        read = partial(read_test_metrics, project=project, workflow=workflow)
        name = quote(workflow, safe="")
        measured = self._asker.ask(f"{path}/workflows/{name}/test-metrics?all-branches=true", read)
        if isinstance(measured, Trouble):
            self._workflows[measured] += 1
        else:
            self._measured += measured

    def found(self) -> FoundTests:
        left_out = [LeftOut(str(why), tuple(keys)) for why, keys in self._left_out.items()]
        return FoundTests(
            flaky=tuple(self._flaky),
            measured=tuple(self._measured),
            projects=self._projects,
            left_out=tuple(left_out),
            warnings=(*self._warnings(left_out),),
        )

    def _warnings(self, left_out: Iterable[LeftOut]) -> Iterator[str]:
        for each in left_out:
            yield _missing("tests", len(each.projects), "project", each.why)
        for trouble, count in self._workflows.items():
            # A workflow without test results has no metrics.
            if trouble is not Trouble.NOT_FOUND:
                yield _missing("test metrics", count, "workflow", trouble)


def find_user_names(
    asker: Asker, cache: UserNameCache, today: date, progress: Progress, ids: Sequence[str]
) -> FoundNames:
    """The names of users: a request for each that is not in the cache."""
    known = cache.names(today)
    unknown = [each for each in ids if each not in known]
    answers: dict[str, KeptName] = {}
    troubles: Counter[Trouble] = Counter()
    with progress.task("Asking CircleCI for names", len(unknown), "users") as task:
        for each in unknown:
            name = asker.ask(f"user/{quote(each, safe='')}", read_user_name)
            if not isinstance(name, Trouble):
                answers[each] = KeptName(name, today)
            elif name is Trouble.NOT_FOUND:
                answers[each] = KeptName(None, today)
            else:
                troubles[name] += 1
            task.advance(1)
    found = known | answers
    warnings = [_missing("names", count, "user", why) for why, count in troubles.items()]
    if answers:
        warnings += _keep(cache, found)
    names = {each: found[each].name for each in ids if each in found}
    return FoundNames({each: name for each, name in names.items() if name}, tuple(warnings))


def _keep(cache: UserNameCache, names: Mapping[str, KeptName]) -> Iterator[str]:
    """Keep the names; a report does not fail because they cannot be kept."""
    try:
        cache.keep(names)
    except UsageExporterError as error:
        yield f"The names of users are not kept for the next report: {error}"


def _missing(what: str, count: int, noun: str, why: str) -> str:
    """Of which projects or users something is not known, and why: a sentence.

    >>> _missing("names", 2, "user", "CircleCI is unavailable")
    'The report has no names of 2 users: CircleCI is unavailable.'
    """
    return f"The report has no {what} of {counted(count, noun)}: {why}."
