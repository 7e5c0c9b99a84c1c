"""A mock Datadog on loopback: rejects what Datadog rejects, keeps only what Datadog would keep."""

from collections.abc import Callable, Iterable
from dataclasses import KW_ONLY, dataclass, field
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from circleci_usage.core.progress import Clock
from circleci_usage.demo.standin.faults import Fault, FaultHook
from circleci_usage.demo.standin.messages import Call, Request, Response
from datadog_costs import CustomCosts
from datadog_metrics import InvalidError, MetricIntake, parsed
from loopback_service import LoopbackService

API_KEY = "0123456789abcdef0123456789abcdef"
APP_KEY = "fedcba9876543210fedcba9876543210fedcba98"

OLDEST_EVENT = timedelta(hours=18)
HISTORICAL = "/api/v2/metrics/historical-metrics-configurations"
COSTS = "/api/v2/cost/custom_costs"


@dataclass
class DatadogIntake(LoopbackService):
    """A Datadog with one customer, running while its context lasts.

    Attributes:
        clock: the current time for the age of points.
        faults: called before each request; may be replaced at any time.
        government: whether it is a government site.
        metrics, costs: what it keeps.
        events, dashboards: as they were sent.
        calls: all requests.
    """

    clock: Clock
    _: KW_ONLY
    faults: FaultHook | None = None
    government: bool = False
    metrics: MetricIntake = field(default_factory=MetricIntake)
    costs: CustomCosts = field(default_factory=CustomCosts)
    events: list[dict[str, Any]] = field(default_factory=list)
    dashboards: list[dict[str, Any]] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)

    def request_count(self, method: str, path: str) -> int:
        """How many requests there were."""
        return sum(
            call.method == method and urlsplit(call.path).path == path for call in self.calls
        )

    def _answer(self, request: Request) -> Response:
        try:
            return self._routed(request)
        except InvalidError as error:
            return Response.json(error.status, {"errors": [error.reason]})

    def _routed(self, request: Request) -> Response:
        url = urlsplit(request.path)
        routes: dict[tuple[str, str], tuple[bool, Callable[[Request], Response]]] = {
            ("POST", "/api/v2/series"): (False, self._submit),
            ("POST", "/api/v1/events"): (False, self._event),
            ("GET", "/api/v1/validate"): (False, lambda _: Response.json(200, {"valid": True})),
            ("GET", "/api/v2/validate_keys"): (
                True,
                lambda _: Response.json(200, {"status": "ok"}),
            ),
            ("POST", "/api/v1/dashboard"): (True, self._dashboard),
            ("POST", HISTORICAL): (True, self._switch_on),
            ("GET", HISTORICAL): (True, self._look_up),
            ("PUT", COSTS): (True, self._upload),
            ("GET", COSTS): (True, self._list),
            ("DELETE", COSTS): (True, self._delete),
        }
        base = next(
            (each for each in (HISTORICAL, COSTS) if url.path.startswith(f"{each}/")), url.path
        )
        if (request.method, base) not in routes:
            raise InvalidError(HTTPStatus.NOT_FOUND, "Not found")
        needs_app_key, answer = routes[request.method, base]
        if request.headers.get("dd-api-key") != API_KEY:
            raise InvalidError(HTTPStatus.FORBIDDEN, "Forbidden")
        if needs_app_key and request.headers.get("dd-application-key") != APP_KEY:
            raise InvalidError(HTTPStatus.FORBIDDEN, "Forbidden")
        return answer(request)

    def _submit(self, request: Request) -> Response:
        self.metrics.submit(request.body, request.headers, self.clock.now())
        return Response.json(202, {"errors": []})

    def _event(self, request: Request) -> Response:
        event = parsed(request.body)
        if (
            not event.get("title")
            or len(event.get("text", "")) > 4000
            or len(event.get("aggregation_key", "")) > 100
        ):
            raise InvalidError(HTTPStatus.BAD_REQUEST, "Invalid event")
        oldest = (self.clock.now() - OLDEST_EVENT).timestamp()
        if event.get("date_happened", oldest) < oldest:
            raise InvalidError(HTTPStatus.BAD_REQUEST, "The event is too old")
        self.events.append(event)
        return Response.json(202, {"status": "ok"})

    def _dashboard(self, request: Request) -> Response:
        dashboard = parsed(request.body)
        if (
            not {"title", "layout_type", "widgets"} <= dashboard.keys()
            or {"id", "url"} & dashboard.keys()
        ):
            raise InvalidError(HTTPStatus.BAD_REQUEST, "Invalid dashboard")
        self.dashboards.append(dashboard)
        return Response.json(
            200, {"id": "abc-def-ghi", "url": "/dashboard/abc-def-ghi/circleci-usage"}
        )

    def _switch_on(self, request: Request) -> Response:
        metric = parsed(request.body)["data"]["id"]
        if self.government or metric in self.metrics.with_tag_configuration:
            raise InvalidError(HTTPStatus.BAD_REQUEST, "not supported for this metric")
        known = metric in self.metrics.historical
        self.metrics.historical.add(metric)
        return Response.json(200 if known else 201, _historical(metric))

    def _look_up(self, request: Request) -> Response:
        metric = unquote(urlsplit(request.path).path.removeprefix(f"{HISTORICAL}/"))
        if metric not in self.metrics.historical:
            raise InvalidError(HTTPStatus.NOT_FOUND, "Not found")
        return Response.json(200, _historical(metric))

    def _upload(self, request: Request) -> Response:
        file = self.costs.upload(parsed(request.body), self.clock.now())
        attributes = {**file.attributes(), "status": "UPLOADING"}
        return Response.json(
            202, {"data": {"id": file.id, "type": "cost_metadata", "attributes": attributes}}
        )

    def _list(self, request: Request) -> Response:
        url = urlsplit(request.path)
        if url.path != COSTS:
            file = self._file(request)
            content = [{**item, "BilledCost": float(item["BilledCost"])} for item in file.items]
            attributes = {**file.attributes(), "content": content}
            return Response.json(
                200, {"data": {"id": file.id, "type": "cost_metadata", "attributes": attributes}}
            )
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        page, size = query.get("page[number]"), int(query.get("page[size]", 100))
        shown = self.costs.listed(
            query.get("filter[provider]"), None if page is None else int(page), size
        )
        return Response.json(200, shown)

    def _delete(self, request: Request) -> Response:
        del self.costs.files[self._file(request).id]
        return Response(204)

    def _file(self, request: Request) -> Any:
        file = self.costs.files.get(urlsplit(request.path).path.removeprefix(f"{COSTS}/"))
        if file is None:
            raise InvalidError(HTTPStatus.NOT_FOUND, "Not found")
        return file


class FaultsAt:
    """Faults for the requests to one path, in turn; the last one repeats."""

    def __init__(self, path: str, faults: Iterable[Fault | None]) -> None:
        self.path = path
        self.faults = iter(faults)
        self.last: Fault | None = None

    def __call__(self, request: Request) -> Fault | None:
        if urlsplit(request.path).path != self.path:
            return None
        self.last = next(self.faults, self.last)
        return self.last


def _historical(metric: str) -> dict[str, Any]:
    return {"data": {"type": "historical_metrics_configurations", "id": metric, "attributes": {}}}
