"""What programs have in common that tests start: orders come in line by line, and each has a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import traceback
from collections.abc import Callable, Coroutine
from typing import Any

from theirstack_async import TheirStackError

Work = Callable[[dict[str, Any]], Coroutine[Any, Any, object]]


def obey(work: Work) -> None:
    """Do the orders of the input, each in a fork, which may be killed.

    For each it prints the id of its process, and once that has ended, what came of it: what the work returned, its
    error, or ``null`` when it was killed.
    """
    for line in sys.stdin:
        heard, said = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(heard)
            _do(work, json.loads(line), said)
            os._exit(0)
        os.close(said)
        print(child, flush=True)  # noqa: T201 - it is how the test hears of it
        with os.fdopen(heard, "rb") as end:
            result = end.read()
        os.waitpid(child, 0)
        print(result.decode() or "null", flush=True)  # noqa: T201


def _do(work: Work, order: dict[str, Any], said: int) -> None:
    result: object
    try:
        result = asyncio.run(work(order))
    except TheirStackError as error:
        result = {"error": type(error).__name__, "message": str(error)}
    except BaseException:  # whatever it is, the test shall show it  # noqa: BLE001
        result = {"error": "a bug", "message": traceback.format_exc()}
    os.write(said, json.dumps(result).encode())
