"""Making jobs and companies from a seed: each depends on the seed, its own number and its time alone."""

from __future__ import annotations

import base64
import random
from collections.abc import Sequence
from datetime import date
from typing import Final

from theirstack_async.testing import words
from theirstack_async.testing.payloads import slug
from theirstack_async.testing.search.records import CompanyRow, JobRow

DAY: Final = 86_400
EPOCH: Final = date(1970, 1, 1).toordinal()
TEXTS: Final = 32
"""How many proses there are for descriptions."""

_TECHNOLOGIES: Final = [keyword.slug for keyword in words.TECHNOLOGIES]
_TOPICS: Final = [keyword.slug for keyword in words.TOPICS]
_INDUSTRIES: Final = tuple(words.INDUSTRY_IDS)
_SETS: Final = 4
"""Sets of keywords a company."""


def day_of(seconds: float) -> int:
    """Return the UTC day of a Unix timestamp, as an ordinal."""
    return int(seconds // DAY) + EPOCH


def make_company(seed: int, index: int) -> CompanyRow:
    """Return the company with a number. Names are distinct, and so are domains and ids."""
    rng = random.Random(f"{seed}:company:{index}")
    name = _name(index)
    last = slug(name)
    stack, interests = rng.sample(_TECHNOLOGIES, 12), rng.sample(_TOPICS, 5)
    funded = rng.random() < 0.6
    return CompanyRow(
        index=index,
        id=base64.b64encode(b"%d/company/%d" % (seed, index)).decode(),
        name=name,
        domain=f"{last}.example" if rng.random() < 0.9 else None,
        linkedin=last if rng.random() < 0.9 else None,
        industry_id=rng.choice(_INDUSTRIES) if rng.random() < 0.9 else None,
        place=rng.choice(words.PLACES) if rng.random() < 0.9 else None,
        employees=int(10 ** rng.uniform(0.5, 4.5)) if rng.random() < 0.9 else None,
        revenue=rng.randint(1, 900) * 1_000_000 if rng.random() < 0.8 else None,
        funding=rng.randint(1, 300) * 500_000 if funded else None,
        stage=rng.choice(words.FUNDING_STAGES) if funded else None,
        last_funding=date(2019, 1, 1).toordinal() + rng.randrange(2800) if funded else None,
        tags=tuple(rng.sample(words.TAGS, rng.randint(0, 3))),
        investors=tuple(rng.sample(words.INVESTORS, rng.randint(1, 3))) if funded else (),
        recruiting=rng.random() < 0.1,
        yc_batch=rng.choice(("S19", "W21", "S23")) if rng.random() < 0.1 else None,
        founded=rng.randint(1950, 2025) if rng.random() < 0.9 else None,
        alexa=rng.randint(1000, 900_000) if rng.random() < 0.7 else None,
        text=rng.randrange(TEXTS),
        stacks=tuple(tuple(rng.sample(stack, rng.randint(2, 8))) for _ in range(_SETS)),
        interests=tuple(tuple(rng.sample(interests, rng.randint(0, 3))) for _ in range(_SETS)),
    )


def make_job(seed: int, job_id: int, companies: Sequence[CompanyRow], discovered: float, *, now: float) -> JobRow:
    """Return the job with an id, at one of ``companies``, of which the first ones have more jobs than the last.

    A job discovered a month ago or earlier may be closed by ``now``.
    """
    rng = random.Random(f"{seed}:job:{job_id}")
    draw = rng.random
    company = companies[int(draw() ** 2 * len(companies))]
    level, seniority = rng.choice(words.JOB_LEVELS)
    role = rng.choice(words.TITLES)
    low = int(30 + 150 * draw()) * 1000
    closed = int(discovered) + int((20 + 20 * draw()) * DAY)
    remote = rng.choice((True, False, False, None))
    return JobRow(
        id=job_id,
        company=company,
        title=f"{level} {role}".strip(),
        role=role,
        seniority=seniority,
        discovered=discovered,
        posted=day_of(discovered) - int(5 * draw() ** 3),
        closed=closed if closed < now and draw() < 0.3 else None,
        place=rng.choice(words.PLACES),
        remote=remote,
        hybrid=None if remote is None else not remote and draw() < 0.4,
        salary=(low, low + low // 4) if draw() < 0.6 else None,
        statuses=(rng.choice(words.EMPLOYMENT_STATUSES),) if draw() < 0.8 else (),
        easy_apply=rng.choice((True, False, None)),
        technologies=rng.choice(company.stacks),
        topics=rng.choice(company.interests),
        has_final_url=draw() < 0.7,
        has_hiring_team=draw() < 0.4,
        has_manager=draw() < 0.3,
        source=rng.choice(words.SOURCES),
        text=rng.randrange(TEXTS),
    )


def _name(index: int) -> str:
    firsts, seconds = words.COMPANY_FIRST, words.COMPANY_SECOND
    turn, more = divmod(index, len(firsts) * len(seconds))
    name = f"{firsts[more % len(firsts)]} {seconds[(more + more // len(firsts)) % len(seconds)]}"
    return f"{name} {turn + 1}" if turn else name
