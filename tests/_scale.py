"""How much the property and load tests do: a tenth by default, all of it under ``nox -s deep``."""

from __future__ import annotations

import os
from typing import Final

LOAD_SCALE: Final = float(os.environ.get("LOAD_SCALE") or "0.1")
"""The share of the full counts, from the environment: 1 is all of it."""

EXAMPLES: Final = {"again": 25, "default": 100, "deep": 1000}
"""How many examples Hypothesis tries for each property, by profile (``HYPOTHESIS_PROFILE``).

``again`` is for the other Pythons and versions of libraries: what is to be found in the code itself is found by the
default on one of them.
"""


def scaled(full: int) -> int:
    """Return how many to do of a full count: ``scaled(10_000)`` is 1,000 unless ``LOAD_SCALE`` says otherwise."""
    return max(1, round(full * LOAD_SCALE))
