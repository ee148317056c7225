"""The one decision: what is sent again, when, and why not."""

from __future__ import annotations

import math
from typing import Any, Final, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from theirstack_async import RetryPolicy
from theirstack_async._engine.retry import Retry, Stop, decide
from theirstack_async._engine.theirstack import OPERATIONS
from theirstack_async._wire.message import Kind
from theirstack_async.errors import (
    BadRequestError,
    ConfigurationError,
    ConnectError,
    ConnectionLostError,
    DecodeError,
    InsufficientCreditsError,
    RateLimitError,
    RequestTimeoutError,
    ServerError,
    TheirStackError,
)

KINDS: tuple[Kind, ...] = get_args(Kind)
POLICY = RetryPolicy()


def ask(error: TheirStackError, kind: Kind = "read", policy: RetryPolicy = POLICY, **facts: Any) -> Retry | Stop:
    given_ = {"attempt": 1, "remaining": 300.0, "max_wait": 60.0, "random": lambda: 0.5, **facts}
    return decide(policy, kind, error, **given_)


def lost(sent: Any) -> ConnectionLostError:
    return ConnectionLostError("x", sent=sent)


REPEATABLE = {"read", "idempotent"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("error", "kinds"),
    [
        (lost("no"), set(KINDS)),
        (ConnectError("x"), set(KINDS)),
        (RequestTimeoutError("x", phase="connect", sent="no"), set(KINDS)),
        (RateLimitError("x", status=429), set(KINDS)),
        (lost("maybe"), REPEATABLE),
        (RequestTimeoutError("x", phase="read", sent="maybe"), REPEATABLE),
        (ServerError("x", status=500), REPEATABLE),
        (ServerError("x", status=503, retry_after=1.0), REPEATABLE),
        (ConnectError("x", permanent=True), set()),
        (BadRequestError("x", status=400), set()),
        (InsufficientCreditsError("x", status=402), set()),
        (DecodeError("x"), set()),
        (ConfigurationError("x"), set()),
    ],
    ids=repr,
)
def test_what_is_sent_again(error: TheirStackError, kinds: set[Kind], kind: Kind) -> None:
    assert isinstance(ask(error, kind), Retry) == (kind in kinds)
    assert ask(error, kind).reason


def test_billed_is_sent_again_only_when_that_was_asked_for() -> None:
    assert isinstance(ask(lost("maybe"), "billed", RetryPolicy(retry_paid=True)), Retry)
    assert isinstance(ask(lost("maybe"), "once", RetryPolicy(retry_paid=True)), Stop)


@pytest.mark.parametrize(
    ("attempt", "delay"), [(1, 0.25), (2, 0.5), (3, 1.0)]
)  # fmt: skip
def test_pauses_double(attempt: int, delay: float) -> None:
    assert ask(lost("no"), attempt=attempt) == Retry(delay, "it was never sent")


def test_a_pause_is_capped_however_many_there_were() -> None:
    policy = RetryPolicy(attempts=10**6, cap=8, base=1e300)
    assert ask(lost("no"), policy=policy, attempt=10**5) == Retry(4.0, "it was never sent")


def test_attempts_are_counted() -> None:
    assert isinstance(ask(lost("no"), attempt=3), Retry)
    assert ask(lost("no"), attempt=4) == Stop("4 of 4 attempts are used up")


@pytest.mark.parametrize(
    ("stated", "delay"),
    [
        (None, 0.25),
        (0.0, 0.25),
        (2.0, 2.1),
        (60.0, 60.25),
        (60.1, None),
    ],
)
def test_what_the_api_asks_for(stated: float | None, delay: float | None) -> None:
    """Asked to wait 0 s, the client pauses all the same: else its attempts are used up in a moment."""
    decision = ask(RateLimitError("x", status=429, retry_after=stated))
    assert getattr(decision, "delay", None) == (None if delay is None else pytest.approx(delay))
    if delay is None:
        assert "more than max_rate_wait allows (60 s)" in decision.reason


def test_any_wait_is_allowed_without_a_bound() -> None:
    error = RateLimitError("x", status=429, retry_after=1e9)
    assert isinstance(ask(error, max_wait=None, remaining=None), Retry)


@pytest.mark.parametrize("kind", KINDS)
def test_who_is_refused_a_place_in_the_windows_does_not_ask_again(kind: Kind) -> None:
    decision = ask(RateLimitError("x", retry_after=1.0, sent="no"), kind, max_wait=None, remaining=None)
    assert decision == Stop("its turn in the rate windows would come too late")


def test_a_pause_never_outlasts_the_deadline() -> None:
    assert isinstance(ask(lost("no"), remaining=0.26), Retry)
    assert "outlast the deadline" in ask(lost("no"), remaining=0.25).reason
    assert "0 s left" in ask(lost("no"), remaining=0.0).reason


delays = st.none() | st.floats(0, 1e15)
failures: st.SearchStrategy[TheirStackError] = st.one_of(
    st.sampled_from([lost("no"), lost("maybe"), ConnectError(), ConnectError(permanent=True), BadRequestError()]),
    st.builds(RateLimitError, status=st.sampled_from([None, 429]), retry_after=delays),
    st.builds(ServerError, retry_after=delays),
)
policies = st.builds(
    RetryPolicy, attempts=st.integers(1, 9), base=st.floats(0, 1e308), cap=st.floats(0, 1e308), retry_paid=st.booleans()
)


@given(
    policy=policies,
    kind=st.sampled_from(KINDS),
    error=failures,
    attempt=st.integers(1, 10**6),
    remaining=delays,
    max_wait=st.none() | st.floats(0, 1e15, exclude_min=True),
    chance=st.floats(0, 1, exclude_max=True),
)
def test_whatever_happens(
    policy: RetryPolicy, kind: Kind, error: Any, attempt: int, remaining: Any, max_wait: Any, chance: float
) -> None:
    decision = decide(
        policy, kind, error, attempt=attempt, remaining=remaining, max_wait=max_wait, random=lambda: chance
    )
    if isinstance(decision, Stop):
        return
    assert attempt < policy.attempts
    assert 0 <= decision.delay < math.inf
    assert remaining is None or decision.delay < remaining
    stated = getattr(error, "retry_after", None)
    if stated:
        assert decision.delay >= stated
        assert max_wait is None or stated <= max_wait
    else:
        assert decision.delay <= policy.cap
    if kind == "once" or (kind == "billed" and not policy.retry_paid):
        assert error.sent == "no" or isinstance(error, RateLimitError)


KINDS: Final = {
    "jobs.search": "billed",
    "companies.search": "billed",
    "companies.technologies": "billed",
    "companies.buying_intents": "billed",
    "saved_searches.list": "read",
    "saved_searches.get": "read",
    "saved_searches.create": "once",
    "saved_searches.update": "idempotent",
    "saved_searches.archive": "idempotent",
    "saved_searches.unsubscribe_alerts": "idempotent",
    "saved_searches.unsubscribe_alerts_page": "idempotent",
    "company_lists.list": "read",
    "company_lists.get": "read",
    "company_lists.create": "once",
    "company_lists.rename": "idempotent",
    "company_lists.delete": "idempotent",
    "company_lists.duplicate": "once",
    "company_lists.companies": "read",
    "company_lists.export": "read",
    "company_lists.add_companies": "once",
    "company_lists.add_companies_to_lists": "once",
    "company_lists.remove_companies": "idempotent",
    "catalog.keywords": "read",
    "catalog.categories": "read",
    "catalog.subcategories": "read",
    "catalog.industries": "read",
    "catalog.company_countries": "read",
    "catalog.job_countries": "read",
    "catalog.locations": "read",
    "catalog.technologies": "read",
    "catalog.technology_categories": "read",
    "catalog.technology_subcategories": "read",
    "datasets.list": "read",
    "datasets.credentials": "idempotent",
    "billing.credit_balance": "read",
    "team.credits_consumption": "read",
    "requests.list": "read",
    "requests.count": "read",
    "email_preferences.get": "read",
    "email_preferences.update": "idempotent",
    "email_preferences.unsubscribe": "idempotent",
    "email_preferences.unsubscribe_page": "idempotent",
    "app_urls.create": "idempotent",
    "webhooks.list": "read",
    "webhooks.get": "read",
    "webhooks.create": "once",
    "webhooks.update": "idempotent",
    "webhooks.status": "idempotent",
    "webhooks.archive": "idempotent",
    "webhooks.test": "once",
    "webhooks.event_types": "read",
    "webhooks.events.list": "read",
    "webhooks.events.count": "read",
    "webhooks.events.counts": "read",
    "webhooks.events.retry": "once",
}


def test_every_operation_and_its_kind() -> None:
    """Whoever adds an operation says here what a second one does."""
    assert {name: operation.kind for name, operation in OPERATIONS.items()} == KINDS
    assert all(operation.name == name for name, operation in OPERATIONS.items())


def test_what_costs_credits_and_what_needs_no_key() -> None:
    """https://theirstack.com/en/docs/pricing/credits.md; ten operations are open, and three that left the document."""
    prices = {op.name: (op.credits_per_row, op.credits_per_call) for op in OPERATIONS.values() if op.kind == "billed"}
    assert prices == {
        "jobs.search": (1, 0),
        "companies.search": (3, 0),
        "companies.technologies": (0, 3),
        "companies.buying_intents": (0, 3),
    }
    assert not any(op.credits_per_row or op.credits_per_call for op in OPERATIONS.values() if op.kind != "billed")
    assert {op.name for op in OPERATIONS.values() if not op.needs_key} == {
        "saved_searches.unsubscribe_alerts",
        "saved_searches.unsubscribe_alerts_page",
        "email_preferences.unsubscribe",
        "email_preferences.unsubscribe_page",
        "catalog.keywords",
        "catalog.categories",
        "catalog.subcategories",
        "catalog.industries",
        "catalog.company_countries",
        "catalog.job_countries",
        "catalog.technologies",
        "catalog.technology_categories",
        "catalog.technology_subcategories",
    }
