"""How a fake server behaves where the real one's behaviour is undocumented, or where a test wants to choose."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypedDict, get_args

from theirstack_async.testing.answers import ErrorStyle
from theirstack_async.testing.rate import TIERS, Over, Tier, Window
from theirstack_async.testing.store import Order

UnknownIds = Literal["422", "404", "ignore"]
LeftOut = Literal["keep", "default"]
Plan = Literal["paid", "free"]
OverPlan = Literal["cap", "refuse"]
OutOfCredits = Literal["truncate", "402", "402-data"]
Balance = Literal["allowance", "left"]
UnknownFilters = Literal["ignore", "refuse"]
Sorting = Literal["obey", "ignore", "refuse"]
Gte = Literal["inclusive", "exclusive"]

_CHOICES: Final[dict[str, Any]] = {
    "order": Order,
    "unknown_ids": UnknownIds,
    "left_out": LeftOut,
    "error_style": ErrorStyle,
    "rate_tier": Tier,
    "rate_over": Over,
    "plan": Plan,
    "over_plan": OverPlan,
    "out_of_credits": OutOfCredits,
    "unknown_filters": UnknownFilters,
    "sorting": Sorting,
    "gte": Gte,
    "balance": Balance,
}
_LEAST: Final = {"jobs": 0, "companies": 1, "credits": 0, "max_deliveries_in_flight": 1, "max_excluded": 0}
_OR_NONE: Final = frozenset({"rate_tier", "rate_windows", "credits", "max_excluded"})
_TEXTS: Final = ("storage_endpoint", "storage_bucket")
_SWITCHES: Final = ("naive_instants", "compression", "deliver")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The behaviour of a :class:`~theirstack_async.testing.FakeTheirStack`, frozen. Raises ValueError for a value
    that means nothing.
    """

    seed: int = 0
    """Payloads, jobs and companies are the same for the same seed and id."""
    naive_instants: bool = True
    """Whether ``discovered_at`` of jobs has no offset and means UTC, as users with live accounts have seen it, or ends
    in Z, as the vendor's schema demands."""
    order: Order = "desc"
    """Events are listed newest id first (``"desc"``) or oldest first (``"asc"``). The real order is undocumented."""
    unknown_ids: UnknownIds = "422"
    """What a retry of unknown ids answers: 422 or 404, naming the first such id and doing nothing of the batch, or
    ``"ignore"``: success, and the known ones are done. Undocumented."""
    left_out: LeftOut = "keep"
    """What an update does to left-out fields other than the secret: keep them or reset them. Undocumented."""
    error_style: ErrorStyle = "envelope"
    """``"envelope"`` leaves each operation its own shape of 422 answers: FastAPI's list on industries and e-mail
    preferences, the envelope on all others. ``"detail"`` makes all of them FastAPI's list."""
    rate_tier: Tier | None = None
    """``"free"`` or ``"paid"`` enforces that tier's published windows with 429, on the fake's clock. None enforces
    nothing, and the headers tell of a window too wide to matter. All keys are those of one user."""
    rate_windows: Sequence[tuple[int, float]] | None = None
    """Windows of your own in place of a tier's: requests and seconds of each, such as ``[(8, 1), (20, 3)]``. The
    headers have whole seconds only, so a part of one is told rounded up."""
    rate_over: Over = "tiered"
    """What the windows are over: the one quota of ``POST /v1/jobs/search``, ``/v1/companies/search`` and
    ``/v1/companies/technologies``, as published, while nothing holds other requests back; or ``"all"`` requests."""
    compression: bool = False
    """Whether bodies from 500 bytes on are sent as gzip to clients that accept it."""
    deliver: bool = True
    """False sends no delivery at all: each counts as answered 200 at once. For runs with millions of events."""
    max_deliveries_in_flight: int = 2
    """Deliveries on their way to one webhook at a time. "Be ready for at least 2" is all that is documented
    (https://theirstack.com/en/docs/webhooks/receive-theirstack-events-in-your-webhook-endpoint)."""
    delivery_timeout: float = 10.0
    """Seconds until an unanswered delivery counts as failed. The real limit is undocumented."""
    credits: int | None = None
    """Credits to start with; events that they do not suffice for become NOT_TRIGGERED, and searches do what
    ``out_of_credits`` says. None is without end."""
    balance: Balance = "allowance"
    """What ``api_credits`` of the balance tells: all credits there were, from which the used ones are to be taken off,
    as users of live accounts found it; or those that are ``"left"``, as the vendor's words can be read."""
    jobs: int = 10_000
    """Jobs in the data set to begin with. They are made when first asked for."""
    companies: int = 1_000
    """Companies in the data set."""
    plan: Plan = "paid"
    """How much a search hands out: up to 500 rows a page, or on the ``"free"`` plan up to 25, and 5 pages (a guide
    names the 500, a third party's reading of the plan table the others). The free plan has no datasets (presumed)."""
    over_plan: OverPlan = "cap"
    """What a search for more than the plan allows answers: fewer rows, and none from the sixth page on of the free
    plan; or ``"refuse"``: 403. Undocumented."""
    out_of_credits: OutOfCredits = "truncate"
    """What a search answers when the credits do not suffice for its page: the rows that they suffice for, the others
    counted in ``truncated_results``; the same with status 402 (``"402-data"``, as users have seen it); or an error
    (``"402"``), and nothing is billed."""
    unknown_filters: UnknownFilters = "ignore"
    """What company search and lookups do with fields that they do not know: ``"refuse"`` answers 422. Undocumented;
    job search, and ``job_filters`` of company search, always refuse them, as documented."""
    sorting: Sorting = "obey"
    """What becomes of the ``order_by`` of a search for jobs or companies, which the vendor's document calls deprecated:
    it is obeyed, ``"ignore"``: the usual order is answered without a word, or ``"refuse"``: 422 that names it."""
    gte: Gte = "inclusive"
    """Whether ``discovered_at_gte`` finds the jobs of that very instant, as its name says, or only later ones
    (``"exclusive"``). Undocumented."""
    max_excluded: int | None = None
    """The most ids that a search takes in ``job_id_not``, and in ``company_id_not``: more are refused with 422. None
    is without end. No limit is documented."""
    storage_endpoint: str = "https://storage.example"
    """Where the credentials say that the datasets are: set it to an S3 server of your own to read some."""
    storage_bucket: str = "datasets"
    """The bucket that the credentials name."""

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            value = getattr(self, name)
            if value is None and name in _OR_NONE:
                continue
            if problem := _problem(name, value):
                raise ValueError(f"{name} of a FakeTheirStack must be {problem}, not {value!r}")
        if self.rate_tier is not None and self.rate_windows is not None:
            raise ValueError("a FakeTheirStack has rate_tier or rate_windows, not both")

    @property
    def windows(self) -> tuple[Window, ...]:
        """The rate windows that are enforced; none without a tier or windows of your own."""
        if self.rate_windows is not None:
            return tuple(Window(quota, seconds) for quota, seconds in self.rate_windows)
        return () if self.rate_tier is None else TIERS[self.rate_tier]


def _problem(name: str, value: Any) -> str:
    """Return what an option's value must be, or an empty text when it is that."""
    if name in _CHOICES:
        choices: tuple[str, ...] = get_args(_CHOICES[name])
        return "" if value in choices else f"one of {', '.join(map(repr, sorted(choices)))}"
    if name in _SWITCHES:
        return "" if isinstance(value, bool) else "True or False"
    if name in _TEXTS:
        return "" if isinstance(value, str) and value else "a text that is not empty"
    if name == "rate_windows":
        return "" if _are_windows(value) else "pairs of requests and seconds, both above 0, no two of the same length"
    if name == "delivery_timeout":
        return "" if isinstance(value, (int, float)) and value > 0 else "a number of seconds above 0"
    if not isinstance(value, int) or isinstance(value, bool):
        return "an integer"
    least = _LEAST.get(name)
    return "" if least is None or value >= least else f"at least {least}"


def _are_windows(value: Any) -> bool:
    try:
        lengths = {seconds for quota, seconds in value if quota >= 1 and 0 < seconds < math.inf}
        return 0 < len(lengths) == len(value) and all(type(quota) is int for quota, _ in value)
    except (TypeError, ValueError):
        return False


class OptionKwargs(TypedDict, total=False):
    """The fields of :class:`Options`, as keywords of :class:`~theirstack_async.testing.FakeTheirStack`."""

    seed: int
    naive_instants: bool
    order: Order
    unknown_ids: UnknownIds
    left_out: LeftOut
    error_style: ErrorStyle
    rate_tier: Tier | None
    rate_windows: Sequence[tuple[int, float]] | None
    rate_over: Over
    compression: bool
    deliver: bool
    max_deliveries_in_flight: int
    delivery_timeout: float
    credits: int | None
    balance: Balance
    jobs: int
    companies: int
    plan: Plan
    over_plan: OverPlan
    out_of_credits: OutOfCredits
    unknown_filters: UnknownFilters
    sorting: Sorting
    gte: Gte
    max_excluded: int | None
    storage_endpoint: str
    storage_bucket: str
