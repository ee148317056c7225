"""What every test is held to: no traffic beyond this machine, and no asyncio task left behind."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock


class OutsideTrafficError(AssertionError):
    """A test tried to reach another machine. No OSError, so that no code under test takes it for a network failure."""


def is_loopback(host: object) -> bool:
    """Return whether a host is this machine, by its text alone: nothing is looked up."""
    text = host.decode("idna") if isinstance(host, bytes) else host
    if text in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(str(text)).is_loopback
    except ValueError:
        return False


def check_address(address: Any) -> None:
    """Raise :class:`OutsideTrafficError` unless a socket address is on this machine; a Unix socket's path is."""
    if isinstance(address, tuple) and not is_loopback(address[0]):
        raise OutsideTrafficError(f"a test connects to {address!r}; tests may only reach 127.0.0.1, ::1 and localhost")


def check_host(host: object) -> None:
    """Refuse to look up any name but this machine's; ``.invalid`` fails as RFC 6761 says it must, unasked."""
    if is_loopback(host):
        return
    if str(host).endswith(".invalid"):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    raise OutsideTrafficError(f"a test looks up {host!r}; use localhost, or a name under .invalid for one that fails")


def _guarded(check: Callable[[Any], None], real: Callable[..., Any], position: int) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        check(args[position])
        return real(*args, **kwargs)

    return call


@contextmanager
def only_loopback() -> Iterator[None]:
    """Hold sockets and look-ups of this process to this machine. Child processes are not held."""
    connect = _guarded(check_address, socket.socket.connect, 1)
    connect_ex = _guarded(check_address, socket.socket.connect_ex, 1)
    getaddrinfo = _guarded(check_host, socket.getaddrinfo, 0)
    with (
        mock.patch.object(socket.socket, "connect", connect),
        mock.patch.object(socket.socket, "connect_ex", connect_ex),
        mock.patch.object(socket, "getaddrinfo", getaddrinfo),
    ):
        yield


def tasks_left() -> list[str]:
    """Return what runs on the current event loop beside the caller, as text."""
    return sorted(repr(task) for task in asyncio.all_tasks() - {asyncio.current_task()})
