"""Contracts, teams and job runs that hypothesis draws for the tests of costs, and their YAML."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from hypothesis import strategies as st

from oracle import NULL, TYPES, Contract, Price, Rule, Sharing, Split
from rows import DEFAULTS

FIRST = date(2026, 3, 29)
LAST = date(2026, 4, 3)
DAYS = [FIRST + timedelta(days=number) for number in range((LAST - FIRST).days + 1)]
TEAMS = ("red", "green", "blue")

amounts = st.one_of(
    st.sampled_from(["0", "1", "12.5", "1000000000"]).map(Decimal),
    st.integers(0, 10**9).map(Decimal),
    st.decimals(0, 10**4, places=3),
)
prices = st.one_of(
    st.sampled_from(["0", "0.0006", "1"]).map(Decimal),
    st.decimals(0, 1, places=10),
    st.integers(0, 10**10).map(lambda count: Decimal(count).scaleb(-10)),
)
globs = st.sampled_from(["*", "pay-*", "acme/*", "web", "?eb", "none-such"])


def _job(
    values: tuple[date, str, str, str, str, str, Decimal, Decimal, Decimal, str],
) -> dict[str, str]:
    day, organization, project, job, branch, status, compute, user, storage, difference = values
    credits = dict.fromkeys((f"{kind.upper()}_CREDITS" for kind in TYPES), "0")
    credits |= {
        "COMPUTE_CREDITS": str(compute),
        "USER_CREDITS": str(user),
        "STORAGE_CREDITS": str(storage),
    }
    total = NULL if difference == NULL else f"{compute + user + storage + Decimal(difference):f}"
    names = {
        "JOB_RUN_DATE": str(day),
        "ORGANIZATION_ID": f"id of {organization}",
        "ORGANIZATION_NAME": organization,
        "PROJECT_ID": NULL if project == NULL else f"id of {organization}/{project}",
        "PROJECT_NAME": project,
        "VCS_URL": NULL,
        "JOB_NAME": job,
        "VCS_BRANCH": branch,
        "JOB_BUILD_STATUS": status,
        "PIPELINE_TRIGGER_SOURCE": "webhook",
    }
    return {**DEFAULTS, **names, **credits, "TOTAL_CREDITS": total}


jobs = st.lists(
    st.tuples(
        st.sampled_from(DAYS),
        st.sampled_from(["acme", "umbrella"]),
        st.sampled_from(["web", "pay-in", "pay-out", "ci-tools", NULL]),
        st.sampled_from(["test", "deploy", NULL]),
        st.sampled_from(["main", "release/1", "feature", NULL]),
        st.sampled_from(["success", "failed"]),
        amounts,
        amounts,
        amounts,
        st.sampled_from(["0", "0", "0", "0.5", "-1", NULL]),
    ).map(_job),
    max_size=12,
)


@st.composite
def contracts(draw: st.DrawFn) -> Contract:
    """Periods that follow each other, with their first and last days anywhere."""
    borders = sorted(draw(st.sets(st.sampled_from(DAYS), max_size=3)))
    first = draw(st.sampled_from([FIRST - timedelta(days=1), *([] if borders else DAYS)]))
    starts = [first, *(border for border in borders if border > first)]
    ends = [start - timedelta(days=1) for start in starts[1:]]
    last_end = draw(st.sampled_from([None, *(day for day in DAYS if day >= starts[-1])]))
    by_type = st.dictionaries(st.sampled_from([*TYPES, "other"]), prices, max_size=3)
    periods = [
        Price(start, end, draw(prices), draw(by_type))
        for start, end in zip(starts, [*ends, last_end], strict=True)
    ]
    list_price = draw(st.none() | prices)
    return Contract(periods, list_price, draw(st.none() | amounts))


rules = st.lists(
    st.builds(
        Rule,
        st.sampled_from(TEAMS),
        projects=st.lists(globs, min_size=1, max_size=2),
        jobs=st.lists(st.sampled_from(["test", "d*", "*"]), max_size=1),
        branches=st.lists(st.sampled_from(["main", "release/*", "*"]), max_size=2),
    ),
    max_size=4,
)


@st.composite
def sharings(draw: st.DrawFn, rules: Sequence[Rule]) -> Sharing | None:
    teams = sorted({rule.team for rule in rules})
    if not teams or draw(st.booleans()):
        return None
    split = draw(st.sampled_from(["proportional", "even", "fixed"]))
    weights = {}
    if split == "fixed":
        cuts = sorted(
            draw(st.lists(st.integers(0, 1000), min_size=len(teams) - 1, max_size=len(teams) - 1))
        )
        parts = [high - low for low, high in zip([0, *cuts], [*cuts, 1000], strict=True)]
        weights = {team: Decimal(part) / 10 for team, part in zip(teams, parts, strict=True)}
    return Sharing(
        split,
        draw(st.sampled_from([["user"], ["user", "storage"]])),
        draw(st.sampled_from([[], ["ci-*"]])),
        weights,
    )


@st.composite
def splits(draw: st.DrawFn, rules: Sequence[Rule]) -> list[Split]:
    """Up to two splits among the teams that the rules have."""
    teams = sorted({rule.team for rule in rules})
    return [_split(draw, teams) for _ in range(draw(st.integers(0, 2)))] if teams else []


def _split(draw: st.DrawFn, teams: Sequence[str]) -> Split:
    among = draw(st.permutations(teams))[: draw(st.integers(1, len(teams)))]
    cuts = st.sets(st.integers(1, 999_999), min_size=len(among) - 1, max_size=len(among) - 1)
    borders = [0, *sorted(draw(cuts)), 1_000_000]
    parts = [Decimal(high - low).scaleb(-4) for low, high in pairwise(borders)]
    return Split(
        "(split)",
        projects=[draw(globs)],
        jobs=draw(st.lists(st.sampled_from(["test", "d*"]), max_size=1)),
        branches=draw(st.lists(st.sampled_from(["main", "fea*"]), max_size=1)),
        among=dict(zip(among, parts, strict=True)),
    )


def as_yaml(
    contract: Contract,
    rules: Sequence[Rule],
    sharing: Sharing | None,
    splits: Sequence[Split] = (),
) -> str:
    """The settings file that says so."""
    lines = ["pricing:"]
    for each in contract.prices:
        by_type = ", ".join(f"{kind}: {price:f}" for kind, price in each.by_type.items())
        end = f", to: {each.last}" if each.last else ""
        lines.append(
            f"  - {{from: {each.first}{end}, price_per_credit: {each.price:f},"
            f" by_credit_type: {{{by_type}}}}}"
        )
    if contract.list_price is not None:
        lines.append(f"list_price_per_credit: {contract.list_price:f}")
    if contract.included is not None:
        lines.append(f"included_credits: {{per: month, amount: {contract.included:f}}}")
    if rules:
        lines.append("teams:")
        lines += [
            f'  - {{name: "{rule.team}", projects: {_list(rule.projects)},'
            f" jobs: {_list(rule.jobs)}, branches: {_list(rule.branches)}}}"
            for rule in rules
        ]
    if splits:
        lines.append("splits:")
        lines += [
            f"  - {{projects: {_list(split.projects)}, jobs: {_list(split.jobs)},"
            f" branches: {_list(split.branches)}, among: {_percentages(split)}}}"
            for split in splits
        ]
    if sharing:
        weights = ", ".join(f"{team}: {weight}" for team, weight in sharing.weights.items())
        lines.append(
            f"shared_costs: {{split: {sharing.split}, credit_types: {_list(sharing.types)},"
            f" projects: {_list(sharing.projects)}, weights: {{{weights}}}}}"
        )
    return "\n".join(lines)


def _percentages(split: Split) -> str:
    return "{" + ", ".join(f"{team}: {part:f}" for team, part in split.among.items()) + "}"


def _list(texts: Sequence[str]) -> str:
    return "[" + ", ".join(f'"{text}"' for text in texts) + "]"
