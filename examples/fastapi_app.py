"""A FastAPI application that keeps one client for as long as it runs: ``uvicorn fastapi_app:app``."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated, Any, TypedDict

from fastapi import Depends, FastAPI, Path, Request
from fastapi.responses import JSONResponse

from theirstack_async import NotFoundError, RateLimitError, TheirStack, Timeouts


class State(TypedDict):
    client: TheirStack


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[State]:
    # A visitor waits for the answer, so the deadline is shorter than the default of 300 seconds.
    async with TheirStack(timeouts=Timeouts(deadline=10)) as client:
        yield {"client": client}


app = FastAPI(lifespan=lifespan)


def get_client(request: Request) -> TheirStack:
    client: TheirStack = request.state.client
    return client


Client = Annotated[TheirStack, Depends(get_client)]
WebhookId = Annotated[int, Path(ge=0)]


@app.exception_handler(NotFoundError)
async def not_found(request: Request, error: NotFoundError) -> JSONResponse:
    return JSONResponse({"detail": "no such webhook"}, 404)


@app.exception_handler(RateLimitError)
async def too_busy(request: Request, error: RateLimitError) -> JSONResponse:
    return JSONResponse({"detail": "try again later"}, 503, {"Retry-After": f"{error.retry_after or 60:.0f}"})


@app.get("/webhooks/{webhook_id}/failed")
async def failed(webhook_id: WebhookId, client: Client) -> dict[str, Any]:
    """Return the latest events that were not delivered."""
    events = client.webhooks.events.list(webhook_id, status="FAILED", max_items=20)
    return {"failed": [{"id": event.id, "company": event.company_name} async for event in events]}


@app.post("/webhooks/{webhook_id}/retry")
async def retry(webhook_id: WebhookId, client: Client) -> dict[str, int]:
    """Have the failed events delivered again."""
    report = await client.webhooks.events.retry_failed(webhook_id)
    return {"accepted": len(report.accepted), "not accepted": report.requested - len(report.accepted)}
