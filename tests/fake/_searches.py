"""Calling the fake's searches without a socket, on a small data set of which all rows are known."""

from __future__ import annotations

import json
from typing import Any, Final

from theirstack_async.testing.answers import RefusedError, refusal
from theirstack_async.testing.backend import Backend
from theirstack_async.testing.call import Call
from theirstack_async.testing.clock import VirtualClock
from theirstack_async.testing.options import Options
from theirstack_async.testing.routes import route
from theirstack_async.testing.search.dataset import FIRST_JOB_ID

ALL: Final = {"posted_at_max_age_days": 10_000, "limit": 500}
"""What a job search for everything asks for."""
SMALL: Final = {"jobs": 400, "companies": 80}


class Searches:
    """The searches of one fake."""

    def __init__(self, **options: Any) -> None:
        self.clock = VirtualClock()
        self.backend = Backend(Options(**SMALL | options), self.clock)

    @property
    def billed(self) -> int:
        return self.backend.billing.billed

    def post(self, what: str, body: Any) -> tuple[int, Any]:
        """Return the status and the decoded body of a search: ``jobs/search``, ``companies/technologies``, ..."""
        row, _ = route("POST", f"/v1/{what}")
        try:
            answer: Any = row.operation(self.backend, Call("", [], json.dumps(body).encode(), "application/json"))
        except RefusedError as error:
            answer = refusal(error, row.errors)
        return answer.status, json.loads(answer.body)

    def ok(self, what: str, **body: Any) -> dict[str, Any]:
        status, answer = self.post(what, body)
        assert status == 200, answer
        found: dict[str, Any] = answer
        return found

    def refused(self, what: str, body: Any, status: int = 422) -> str:
        """Return what a refusal says."""
        found, answer = self.post(what, body)
        assert found == status, answer
        return str(answer["error"]["description"])

    def jobs(self, **body: Any) -> list[Any]:
        """Return all jobs that pass some filters."""
        return list(self.ok("jobs/search", **ALL | body)["data"])

    def companies(self, **body: Any) -> list[Any]:
        """Return all companies that pass some filters."""
        return list(self.ok("companies/search", limit=500, **body)["data"])


def ids(rows: list[Any]) -> list[Any]:
    return [row["id"] for row in rows]


def job_id(number: int) -> int:
    """Return the id of a job by its place in the data set, from 0."""
    return FIRST_JOB_ID + number
