"""What a run asks: the bodies of its requests, and the profile that they belong to."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import attrs

from theirstack_async._engine import theirstack as api
from theirstack_async._engine.dialect import Operation
from theirstack_async._engine.pipeline import CallState, Pipeline, Reply
from theirstack_async.config import RequestOptions
from theirstack_async.errors import ArgumentError
from theirstack_async.incremental._exclusion import Exclusion
from theirstack_async.incremental._kept import KeptPages
from theirstack_async.incremental._keyset import Keyset
from theirstack_async.incremental._plan import Ask, Count, Plan, Row
from theirstack_async.incremental._progress import Progress
from theirstack_async.incremental._run import Profile
from theirstack_async.incremental._search import Bounds, SearchReader, Source
from theirstack_async.incremental.state._saved import FORMAT
from theirstack_async.incremental.state._state import Id, SavedState
from theirstack_async.models import Company, Job, WebhookEvent
from theirstack_async.pagination import Paginator, digest

if TYPE_CHECKING:
    from theirstack_async._convert import Converter
    from theirstack_async.incremental._landing import Landing

Body = dict[str, Any]


@attrs.frozen(kw_only=True)
class Search:
    """A search to be read incrementally."""

    pipeline: Pipeline
    converter: Converter
    filters: Mapping[str, Any]
    """As they are sent, and as the profile is told from others."""
    options: RequestOptions | None
    page_size: int
    bounds: Bounds
    landing: Landing | None
    count: Callable[[Mapping[str, Any]], Awaitable[int]]
    """How many rows a body finds, for free."""
    countable: bool
    """Whether it is free: not with a filter that names companies."""

    def profile_key(self, operation: Operation) -> str:
        """Return the key of the profile: a digest of what is asked, however its lists are written."""
        return digest(f"incremental {operation.path}", {name: _unordered(each) for name, each in self.filters.items()})

    def document(self, operation: Operation, kind: str) -> dict[str, Any]:
        """Return what the state is told of the profile."""
        label = f"{operation.method} {operation.path}"
        return _document(kind, label, self.filters, self.pipeline)

    def source(
        self, operation: Operation, row_type: type[Any], row: Callable[[Any], Row], body: Callable[[Ask | Count], Body]
    ) -> Source[Any]:
        """Return what a reader has to know. ``body`` makes that of a request."""

        async def fetch(ask: Ask, state: CallState) -> Reply:
            asked = {**body(ask), "offset": 0, "limit": ask.limit}
            return await self.pipeline.call(operation, json=asked, options=self.options, rows=ask.limit, state=state)

        async def count(step: Count) -> int:
            return await self.count(body(step))

        return Source(
            label=f"{operation.method} {operation.path}",
            fetch=fetch,
            count=count,
            decode=partial(self.converter.decode_page, row_type=row_type),
            row=row,
        )

    def reader(self, source: Source[Any], plan: Plan, key: str, progress: Progress) -> SearchReader[Any]:
        """Return what brings the rows."""
        return SearchReader(source, plan, self.bounds, KeptPages(self.landing, key, progress.landed))


def job_profile(search: Search, *, since: float | None, overlap: float) -> Profile[Job]:
    """Return the profile of a job search.

    Raises:
        ArgumentError: a filter says what the run has to say by itself.
    """
    _check_unordered(search)
    operation = api.JOBS_SEARCH
    key = search.profile_key(operation)
    window = _Window.of(search.filters, since)
    body = partial(_job_body, _dated(search.filters))
    source = search.source(operation, Job, _job_row, lambda step: body(window, step))

    def plan(seen: Mapping[Id, float], progress: Progress) -> Keyset:
        return Keyset(
            search.page_size,
            mark=progress.mark,
            seen=seen,
            since=window.start,
            overlap=overlap,
            countable=search.countable,
            kept_from=progress.document["kept_from"],
        )

    def read(saved: SavedState, progress: Progress) -> SearchReader[Job]:
        return search.reader(source, plan(saved.seen, progress), key, progress)

    async def count(progress: Progress) -> int | None:
        if not search.countable:
            return None
        start = plan({}, progress).keeps_from(progress.mark)
        return await search.count(body(window, Count(window.start if start is None else start, None)))

    document = search.document(operation, "jobs")
    return Profile(key=key, document=document, row_type=Job, read=read, count=count)


def company_profile(search: Search) -> Profile[Company]:
    """Return the profile of a company search.

    Raises:
        ArgumentError: a filter says what the run has to say by itself.
    """
    _check_unordered(search)
    operation = api.COMPANIES_SEARCH
    key = search.profile_key(operation)
    source = search.source(operation, Company, _company_row, partial(_company_body, search.filters))

    def read(saved: SavedState, progress: Progress) -> SearchReader[Company]:
        return search.reader(source, Exclusion(search.page_size, seen=saved.seen), key, progress)

    async def count(progress: Progress) -> int | None:
        if not search.countable:
            return None
        return max(0, await search.count(search.filters) - int(progress.document["rows"]))

    document = search.document(operation, "companies")
    return Profile(key=key, document=document, row_type=Company, read=read, count=count)


def event_profile(
    pipeline: Pipeline,
    webhook_id: int,
    status: str | None,
    events: Paginator[WebhookEvent],
    *,
    max_items: int | None,
    collect: bool,
) -> Profile[WebhookEvent]:
    """Return the profile of a webhook's events, which ``events`` lists from the start."""
    from theirstack_async.incremental._events import EventReader

    filters = {"webhook_id": webhook_id, "status": None if status is None else str.__str__(status)}

    def read(saved: SavedState, _: Progress) -> EventReader:
        seen = (id_ for id_ in saved.seen if isinstance(id_, int))
        return EventReader(events, seen, max_items=max_items, collect=collect)

    async def count(_: Progress) -> None:
        """Count nothing: the API counts the events of all statuses, known ones included."""

    key = digest(f"incremental {api.EVENTS_LIST.path}", filters)
    document = _document("events", f"GET /v0/webhooks/{webhook_id}/events", filters, pipeline)
    return Profile(key=key, document=document, row_type=WebhookEvent, read=read, count=count)


@attrs.frozen
class _Window:
    """The stretch of time that the user's own filters allow, in Unix seconds."""

    start: float | None
    end: float | None

    @classmethod
    def of(cls, filters: Mapping[str, Any], since: float | None) -> _Window:
        start, end = _instant(filters, "discovered_at_gte"), _instant(filters, "discovered_at_lte")
        starts = [at for at in (start, since) if at is not None]
        return cls(max(starts, default=None), end)


def _job_body(filters: Mapping[str, Any], window: _Window, step: Ask | Count) -> Body:
    body = dict(filters)
    starts = [at for at in (window.start, step.start) if at is not None]
    ends = [at for at in (window.end, step.end) if at is not None]
    if starts:
        body["discovered_at_gte"] = _text(max(starts))
    if ends:
        body["discovered_at_lte"] = _text(min(ends))
    body |= _without(filters, "job_id_not", [id_ for id_ in step.exclude if isinstance(id_, int) and id_ > 0])
    if isinstance(step, Ask) and step.ordered:
        body["order_by"] = [{"field": "discovered_at", "desc": False}]
    return body


def _company_body(filters: Mapping[str, Any], step: Ask | Count) -> Body:
    return {**filters, **_without(filters, "company_id_not", [id_ for id_ in step.exclude if isinstance(id_, str)])}


def _without(filters: Mapping[str, Any], name: str, ids: Sequence[Id]) -> Body:
    both = [*(filters.get(name) or ()), *ids]
    return {name: both} if both else {}


def _job_row(job: Job) -> Row:
    return job.id, job.discovered_at.timestamp()


def _company_row(company: Company) -> Row:
    return company.id, None


def _unordered(value: Any) -> Any:
    """Return a filter without the order and the repetitions in its lists, which mean nothing to the API."""
    if isinstance(value, Mapping):
        return {name: _unordered(each) for name, each in sorted(cast("Mapping[str, Any]", value).items())}
    if isinstance(value, list):
        texts = {json.dumps(_unordered(each), sort_keys=True) for each in cast("list[object]", value)}
        return [json.loads(text) for text in sorted(texts)]
    return value


def _check_unordered(search: Search) -> None:
    if "order_by" in search.filters:
        raise ArgumentError("order_by: leave it out, a run has an order of its own", field="order_by")


def _dated(filters: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return filters with the one by date that the API requires, if they lack it."""
    from theirstack_async.filters import lacks_required

    return {"posted_at_gte": api.LONG_AGO, **filters} if lacks_required(filters) else filters


def _instant(filters: Mapping[str, Any], name: str) -> float | None:
    text = filters.get(name)
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise ArgumentError(f"{name}: expected an instant, got {text!r}", field=name) from None
    return (instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant).timestamp()


def _text(seconds: float) -> str:
    """Return an instant as the vendor documents it, in whole seconds, unless the caller's own has parts of one."""
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def _document(kind: str, label: str, filters: Mapping[str, Any], pipeline: Pipeline) -> dict[str, Any]:
    base_url = pipeline.dialect.base_url
    return {"format": FORMAT, "kind": kind, "label": label, "filters": dict(filters), "base_url": base_url}
