"""Run the HTTP server and the worker in one event loop, and end them politely."""

import asyncio
import contextlib
import errno
import logging
import os
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial
from typing import Any, Final, cast

import uvicorn

from api.app import create_app
from api.edge import Application, Bounds, Edge, guarded
from api.prompting import Prompting
from api.pushing import open_push
from api.routes.health import Health
from api.settings import Address
from api.wiring import Parts
from api.worker import Worker

BACKLOG: Final = 2048
KEEP_ALIVE_S: Final = 75
ECHO_S: Final = 0.25
"""A signal to a group of programs comes twice: from its sender, and from a program above that passes it on."""
SILENT_MS: Final = 60_000
"""How long a phone may acknowledge nothing of what it was sent; then the system ends the connection."""

Greet = Callable[[Parts, Address, Address], Awaitable[None]]


class PortTaken(Exception):  # noqa: N818 - a past-tense fact, read by a person
    """An address cannot be listened on; the text says which and what to do."""


async def serve(parts: Parts, greet: Greet, *, with_worker: bool) -> None:
    """Answer requests until a signal comes and everything in hand is finished.

    `greet` is awaited once both ports are open, with the addresses that were really taken.
    """
    settings = parts.settings
    app = create_app(parts)
    with (
        _listening(settings.bind, "HAVEN_BIND") as public_socket,
        _listening(settings.admin_bind, "HAVEN_ADMIN_BIND") as admin_socket,
    ):
        bounds = Bounds(body_bytes_max=settings.body_bytes_max)
        public = _server(app, max(1, round(settings.drain_s - settings.bye_s)), bounds)
        admin = _server(Health(parts), 1, Bounds())
        opened = _worker(parts) if with_worker else contextlib.nullcontext()
        async with opened as chores, asyncio.TaskGroup() as running:
            _end_at_signal(parts)
            running.create_task(_drained(parts, public))
            admin_task = running.create_task(admin.serve(sockets=[admin_socket]))
            worker = None if chores is None else running.create_task(chores.run())
            serving = running.create_task(public.serve(sockets=[public_socket]))
            await greet(parts, _address_of(public_socket), _address_of(admin_socket))
            await serving
            parts.drain.begin()
            if worker is not None:
                await worker
            admin.should_exit = True
            await admin_task


async def work(parts: Parts, greet: Greet) -> None:
    """Do what is due until a signal comes; probes are answered, nothing else."""
    with _listening(parts.settings.admin_bind, "HAVEN_ADMIN_BIND") as admin_socket:
        admin = _server(Health(parts), 1, Bounds())
        async with _worker(parts) as chores, asyncio.TaskGroup() as running:
            _end_at_signal(parts)
            running.create_task(admin.serve(sockets=[admin_socket]))
            worker = running.create_task(chores.run())
            address = _address_of(admin_socket)
            await greet(parts, address, address)
            await worker
            admin.should_exit = True


@contextlib.asynccontextmanager
async def _worker(parts: Parts) -> AsyncIterator[Worker]:
    """Open what sends before anything runs, so that a setting that does not fit is told as such."""
    async with open_push(parts.settings) as sends:
        yield Worker(parts, Prompting(parts, sends))


async def _drained(parts: Parts, public: uvicorn.Server) -> None:
    await parts.drain.begun.wait()
    # uvicorn ends no stream by itself: they are asked to go first, and requests finish after.
    await parts.drain.streams_gone(parts.settings.bye_s)
    public.should_exit = True


def _end_at_signal(parts: Parts) -> None:
    loop, main = asyncio.get_running_loop(), asyncio.current_task()
    assert main is not None, "this runs in a task"

    begun_at = 0.0

    def heard() -> None:
        nonlocal begun_at
        if not parts.drain.begun.is_set():
            begun_at = loop.time()
        elif loop.time() - begun_at > ECHO_S:
            # A second signal means now. What was committed is safe, the rest was never acknowledged.
            parts.pool.terminate()
            main.cancel()
        parts.drain.begin()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, heard)


class _Server(uvicorn.Server):
    """uvicorn's server, which leaves signals to us: it would raise them again at its end."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _server(app: Application, finish_s: int, bounds: Bounds) -> _Server:
    # `access_log=False` alone is undone by any handler that something hangs on this logger, and its lines hold tickets.
    logging.getLogger("uvicorn.access").disabled = True
    return _Server(
        uvicorn.Config(
            guarded(app),
            http=cast("Any", partial(Edge, bounds=bounds)),
            ws="none",
            # `open_parts` opened everything before the first request and closes it after the last.
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=finish_s,
        )
    )


@contextlib.contextmanager
def _listening(address: Address, variable: str) -> Iterator[socket.socket]:
    try:
        family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        listener = socket.create_server(
            (address.host, address.port),
            family=family,
            backlog=BACKLOG,
            # [::] means every address that this machine has, those of IPv4 too.
            dualstack_ipv6=family is socket.AF_INET6 and socket.has_dualstack_ipv6(),
        )
    except OSError as fault:
        raise PortTaken(
            f"Haven cannot listen on {address}: {_why_not(fault.errno or 0)}."
            f" Choose another address by {variable}=host:port."
        ) from None
    with listener:
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            # Connections inherit it; else a phone that left the network keeps its stream for a quarter of an hour.
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SILENT_MS)
        yield listener


def _why_not(number: int) -> str:
    return _WHY_NOT.get(number) or os.strerror(number)


_WHY_NOT: Final = {
    errno.EADDRINUSE: "another program listens there, perhaps another Haven",
    errno.EADDRNOTAVAIL: "this machine does not have this address",
    errno.EACCES: "this account may not use this port; those from 1024 on are free to all",
    errno.EAFNOSUPPORT: "this machine has no addresses of this kind",
    socket.EAI_NONAME: "no machine of this name is known",
    socket.EAI_AGAIN: "no machine of this name is known at this moment",
}
"""By the number of a fault; the words that come with it may repeat the address in another form."""


def _address_of(listener: socket.socket) -> Address:
    host, port = listener.getsockname()[:2]
    return Address(host, port)
