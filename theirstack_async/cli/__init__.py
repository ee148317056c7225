"""The ``theirstack`` program. It needs the extra ``cli``; without it, :func:`main` says so."""

from __future__ import annotations

import sys
from collections.abc import Callable


def main() -> None:
    """Run the program on the arguments of this process, and exit with one of its documented codes.

    Raises:
        SystemExit: always.
    """
    try:
        _load()(prog_name="theirstack")
    except KeyboardInterrupt:
        # Until typer has put its commands together, nobody else takes it for an end.
        raise SystemExit(130) from None


def _load() -> Callable[..., object]:
    try:
        from theirstack_async.cli.app import app
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("typer", "rich"):
            raise
        print("theirstack: the program needs typer and rich: pip install 'theirstack-async[cli]'", file=sys.stderr)
        raise SystemExit(2) from None
    return app
