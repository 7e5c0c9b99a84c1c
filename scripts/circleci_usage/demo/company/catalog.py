"""The sample company: its organizations, teams and projects, and what their pipelines run."""

from datetime import date
from typing import Final

from circleci_usage.demo.company.projects import Job, SampleOrganization, SampleProject, Workflow

MAIN: Final = SampleOrganization(
    "3f0c6f0e-5b1d-4c5e-8f43-9a2b7d10c001", "tidewren", "gh/tidewren", "github", date(2019, 3, 4)
)
APPS: Final = SampleOrganization(
    "3f0c6f0e-5b1d-4c5e-8f43-9a2b7d10c002",
    "tidewren-apps",
    "gh/tidewren-apps",
    "github",
    date(2020, 9, 21),
)
LABS: Final = SampleOrganization(
    "3f0c6f0e-5b1d-4c5e-8f43-9a2b7d10c003",
    "tidewren-labs",
    "circleci/8ZqW4mT1cVxR6nLkB2yHdJ",
    "circleci",
    date(2023, 6, 1),
)
ORGANIZATIONS: Final = (MAIN, APPS, LABS)

TEAMS: Final = {
    "Payments": ("pay-*",),
    "Risk": ("risk-*",),
    "Mobile": ("ios-*", "android-*"),
    "Web": ("web-*",),
    "Data": ("data-*", "ml-*"),
    "Platform": ("platform-*", "ci-*"),
}
"""Team → globs of its projects' names. A few projects belong to no team."""


_DEPLOY: Final = (Job("deploy-production", "docker", "small", 110, fails=0.01, ip_ranges_mb=90),)

_SOAK: Final = Workflow(
    "soak", ((Job("soak-test", "docker", "large", 6600, fails=0.0),),), "evening"
)


def _service(test_class: str = "large") -> tuple[Workflow, ...]:
    return (
        Workflow(
            "build",
            (
                (
                    Job("lint", "docker", "small", 38),
                    Job("unit-tests", "docker", test_class, 210, saves_mb=18),
                ),
                (Job("integration-tests", "docker", "large", 330, parallelism=2, saves_mb=6),),
                (Job("image", "machine", "medium", 150, layer_caching=True),),
            ),
        ),
        Workflow(
            "deploy", ((Job("deploy-staging", "docker", "small", 75),), _DEPLOY), "main", hold=True
        ),
        Workflow(
            "nightly", ((Job("security-scan", "docker", "medium", 420, saves_mb=4),),), "nightly"
        ),
    )


_LIBRARY: Final = (
    Workflow(
        "ci",
        (
            (Job("lint", "docker", "small", 12), Job("test", "docker", "medium", 95)),
            (Job("docs", "docker", "small", 45, saves_mb=3),),
        ),
    ),
)

_IOS: Final = (
    Workflow(
        "build",
        (
            (Job("swiftlint", "docker", "medium", 30),),
            (Job("build-and-test", "macos", "m4pro.medium", 640, fails=0.04, saves_mb=60),),
        ),
    ),
    Workflow("release", ((Job("archive", "macos", "m4pro.large", 780, saves_mb=95),),), "weekly"),
    Workflow("nightly", ((Job("ui-snapshots", "macos", "m4pro.medium", 900),),), "nightly"),
)

_ANDROID: Final = (
    Workflow(
        "build",
        (
            (Job("lint", "docker", "medium+", 100),),
            (
                Job("assemble", "docker", "large", 460, saves_mb=70),
                Job("instrumented-tests", "machine", "large", 520, fails=0.04),
            ),
        ),
    ),
    Workflow(
        "nightly", ((Job("device-matrix", "machine", "xlarge", 1500, parallelism=3),),), "nightly"
    ),
)

WEB_BUILD: Final = Workflow(
    "build",
    (
        (Job("install", "docker", "medium.gen2", 55, saves_mb=40),),
        (
            Job("lint", "docker", "medium", 14),
            Job("types", "docker", "large.gen2", 70),
            Job("unit", "docker", "large", 140),
        ),
        (Job("end-to-end", "docker", "xlarge", 380, parallelism=4, saves_mb=25),),
    ),
)

_WEB: Final = (
    WEB_BUILD,
    Workflow("deploy", ((Job("preview", "docker", "medium", 60),), _DEPLOY), "main"),
    Workflow(
        "nightly", ((Job("visual-regression", "docker", "xlarge", 800, saves_mb=80),),), "nightly"
    ),
)

_DATA: Final = (
    Workflow(
        "build",
        (
            (Job("lint", "docker", "small", 25), Job("test", "docker", "medium+", 260)),
            (Job("dry-run", "docker", "arm.large", 300, saves_mb=10),),
        ),
    ),
    Workflow(
        "nightly",
        (
            (Job("quality-checks", "machine", "arm.large", 1300, fails=0.0, saves_mb=8),),
            (Job("compact", "machine", "2xlarge", 1200, parallelism=2, fails=0.0),),
        ),
        "nightly",
    ),
)

ML_BUILD: Final = Workflow(
    "build",
    (
        (Job("test", "docker", "xlarge", 310),),
        (Job("smoke-train", "machine", "gpu.nvidia.small.multi", 240, fails=0.03),),
    ),
)

_ML: Final = (
    ML_BUILD,
    Workflow(
        "nightly",
        (
            (Job("train", "machine", "gpu.nvidia.medium.multi", 2600, fails=0.0, saves_mb=240),),
            (Job("evaluate", "machine", "gpu.nvidia.small.multi", 700),),
        ),
        "nightly",
    ),
)

_INFRASTRUCTURE: Final = (
    Workflow(
        "plan",
        (
            (Job("validate", "docker", "medium", 22),),
            (Job("plan", "runner", "tidewren/vpc-runner", 190, fetches_mb=120, saves_mb=5),),
        ),
    ),
    Workflow(
        "apply",
        ((Job("apply", "runner", "tidewren/vpc-runner", 340, fetches_mb=180),),),
        "main",
        hold=True,
    ),
)

_AGENT: Final = (
    Workflow(
        "build",
        (
            (Job("lint", "docker", "medium", 11),),
            (
                Job("linux-amd64", "docker", "2xlarge", 170),
                Job("linux-arm64", "machine", "arm.medium", 260),
                Job("windows", "machine", "windows.medium", 420, fails=0.04, saves_mb=30),
                Job("macos", "macos", "m4pro.medium", 200),
            ),
        ),
    ),
)

_IMAGES: Final = (
    Workflow(
        "images",
        (
            (Job("hadolint", "docker", "small", 9),),
            (
                Job("build-amd64", "remote-docker", "large", 480, layer_caching=True),
                Job("build-arm64", "machine", "arm.large", 520, layer_caching=True),
            ),
            (Job("publish", "docker", "arm.medium", 80),),
        ),
    ),
    Workflow(
        "rebuild",
        ((Job("build-all", "machine", "large.gen2", 1800, layer_caching=True),),),
        "weekly",
    ),
)


_SERVICE: Final = _service()
_BIG_SERVICE: Final = (*_service("xlarge"), _SOAK)

_OLD: Final = date(2020, 10, 5)
_GROWN: Final = date(2023, 2, 14)
_YOUNG: Final = date(2026, 4, 20)

_MAIN_PROJECTS: Final = (
    SampleProject("pay-gateway", MAIN, _BIG_SERVICE, 20, _OLD),
    SampleProject("pay-ledger", MAIN, _BIG_SERVICE, 16, _OLD),
    SampleProject("pay-checkout", MAIN, _SERVICE, 15, _OLD),
    SampleProject("pay-payouts", MAIN, _SERVICE, 9, _GROWN),
    SampleProject("pay-invoices", MAIN, _SERVICE, 6, _GROWN),
    SampleProject("pay-fx", MAIN, _SERVICE, 4, _GROWN),
    SampleProject("pay-sdk-java", MAIN, _LIBRARY, 4, _OLD),
    SampleProject("pay-sdk-python", MAIN, _LIBRARY, 4, _OLD),
    SampleProject("risk-scoring", MAIN, _BIG_SERVICE, 12, _OLD),
    SampleProject("risk-rules", MAIN, _SERVICE, 9, _GROWN),
    SampleProject("risk-case-manager", MAIN, _SERVICE, 8, _GROWN),
    SampleProject("risk-kyc", MAIN, _SERVICE, 6, _GROWN),
    SampleProject("risk-watchlists", MAIN, _LIBRARY, 3, _YOUNG),
    SampleProject("platform-terraform", MAIN, _INFRASTRUCTURE, 21, _OLD),
    SampleProject("platform-kubernetes", MAIN, _INFRASTRUCTURE, 14, _OLD),
    SampleProject("platform-agent", MAIN, _AGENT, 6, _GROWN),
    SampleProject("platform-gateway", MAIN, _SERVICE, 6, _GROWN),
    SampleProject("platform-secrets", MAIN, _INFRASTRUCTURE, 3, _GROWN),
    SampleProject("platform-cli", MAIN, _LIBRARY, 4, _GROWN),
    SampleProject("ci-images", MAIN, _IMAGES, 4, _OLD),
    SampleProject("ci-orbs", MAIN, _LIBRARY, 3, _GROWN),
    SampleProject("handbook", MAIN, _LIBRARY, 3, _OLD),
)

_APPS_PROJECTS: Final = (
    SampleProject("ios-wallet", APPS, _IOS, 10, _OLD),
    SampleProject("ios-merchant", APPS, _IOS, 4, _GROWN),
    SampleProject("ios-design-kit", APPS, _IOS, 2, _GROWN),
    SampleProject("android-wallet", APPS, _ANDROID, 10, _OLD),
    SampleProject("android-merchant", APPS, _ANDROID, 4, _GROWN),
    SampleProject("android-design-kit", APPS, _LIBRARY, 3, _GROWN),
    SampleProject("web-storefront", APPS, _WEB, 16, _OLD),
    SampleProject("web-dashboard", APPS, _WEB, 14, _OLD),
    SampleProject("web-admin", APPS, _WEB, 8, _GROWN),
    SampleProject("web-design-system", APPS, _LIBRARY, 8, _GROWN),
    SampleProject("web-landing", APPS, _LIBRARY, 4, _OLD),
    SampleProject("hackday-2026", APPS, _LIBRARY, 6, date(2026, 2, 2), retired=date(2026, 3, 20)),
)

_LABS_PROJECTS: Final = (
    SampleProject("data-lake", LABS, _DATA, 9, _GROWN),
    SampleProject("data-warehouse", LABS, _DATA, 12, _GROWN),
    SampleProject("data-streams", LABS, _SERVICE, 8, _GROWN),
    SampleProject("data-contracts", LABS, _LIBRARY, 4, _YOUNG),
    SampleProject("ml-fraud", LABS, _ML, 6, _GROWN),
    SampleProject("ml-forecast", LABS, _ML, 3, _YOUNG),
)

PROJECTS: Final = _MAIN_PROJECTS + _APPS_PROJECTS + _LABS_PROJECTS
