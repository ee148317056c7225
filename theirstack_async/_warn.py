"""Warnings that point at the user's own line."""

from __future__ import annotations

import inspect
import warnings
from typing import Final

_PACKAGE: Final = __name__.partition(".")[0]
_SKIPPED: Final = (_PACKAGE, "attr")
"""Frames of these packages are passed over; ``attr`` is where ``attrs.evolve`` runs."""


def warn_user(message: str, category: type[Warning]) -> None:
    """Warn at the innermost line that is not of this package.

    Python 3.12 can skip a package's files by itself (``skip_file_prefixes``); 3.11 wants the frames counted.
    """
    frame, level = inspect.currentframe(), 1
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] in _SKIPPED:
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)
