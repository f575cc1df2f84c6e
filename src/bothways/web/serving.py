"""One process that serves: a worker, the receiver of webhooks, or both, until it is told to stop."""

import asyncio
import signal
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

import uvicorn

from bothways.errors import AddressInUse, BothwaysError
from bothways.jobs import metrics
from bothways.jobs.queue import Queue, queue_of
from bothways.jobs.service import TICK, Service, follow, wait
from bothways.ledger import alerts, turns
from bothways.service.database import sqlite_path, used
from bothways.service.lock import runner
from bothways.service.turn import process_name
from bothways.service.views import RunView
from bothways.service.workspace import Workspace
from bothways.web.bridge import Pages
from bothways.web.dispatcher import Dispatcher
from bothways.web.django_settings import Address, configure, key_of_workspace
from bothways.web.memory import give_back, share_one_heap

TIDY = 60.0
"""Seconds after which memory that is no longer needed is given back."""


@dataclass(frozen=True, slots=True)
class Role:
    """What a process does: ``works`` takes turns, ``host`` and ``port`` answer calls, None if it answers none.

    ``pages``: it shows the pages, too.
    """

    works: bool = True
    host: str = "127.0.0.1"
    port: int | None = None
    at_once: int = 4
    pages: bool = False


class Server(uvicorn.Server):
    """A server that leaves signals to us: one of them ends it and the worker beside it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def serve(
    workspace: Workspace,
    role: Role,
    *,
    on_run: Callable[[RunView], None],
    on_failure: Callable[[str, BothwaysError], None],
    understood: Callable[[Exception], BothwaysError],
    on_ready: Callable[[str], None],
) -> None:
    """Serve until a signal to stop arrives; what was begun is ended first.

    ``on_ready`` is told the address when calls are answered. Raises SecondRunner, AddressInUse, and LedgerError if
    the database fails.
    """

    def failed(name: str, error: BothwaysError) -> None:
        metrics.failures.labels(error.code).inc()
        on_failure(name, error)

    share_one_heap()
    name = process_name()
    with ExitStack() as stack:
        listener = stack.enter_context(_listening(role)) if role.port is not None else None
        if role.works:
            stack.enter_context(runner(workspace))
            with used(workspace.database):
                if sqlite_path(workspace.database):
                    turns.forget_workers()
                    alerts.release_all()
                turns.serve(name, workspace.clock())
        if role.pages:
            with used(workspace.database):
                configure(Address(role.host, workspace.document.public_url), key_of_workspace())
        if listener is not None:
            on_ready(f"http://{role.host}:{listener.getsockname()[1]}")
        asyncio.run(_until_signal(workspace, role, name, listener, on_run, failed, understood))


async def _until_signal(
    workspace: Workspace,
    role: Role,
    name: str,
    listener: socket.socket | None,
    on_run: Callable[[RunView], None],
    on_failure: Callable[[str, BothwaysError], None],
    understood: Callable[[Exception], BothwaysError],
) -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # the event loop of Windows has no handlers: there Ctrl-C interrupts it
            loop.add_signal_handler(each, stop.set)
    queue = queue_of(workspace.database)
    service = Service(workspace, queue, role.at_once, on_run, on_failure, understood, name) if role.works else None
    await serve_until(stop, workspace, queue, service, listener, on_failure, pages=role.pages)


async def serve_until(
    stop: asyncio.Event,
    workspace: Workspace,
    queue: Queue,
    service: Service | None,
    listener: socket.socket | None,
    on_failure: Callable[[str, BothwaysError], None],
    *,
    pages: bool = False,
) -> None:
    """Let a worker work and calls be answered until ``stop`` is set; raise what ends one of them before."""
    tasks = [asyncio.create_task(service.run(stop) if service else _follow(stop, workspace, on_failure))]
    if listener is not None:
        alive = service.is_alive if service else lambda: True
        tasks.append(asyncio.create_task(_answer(workspace, queue, listener, stop, alive, on_failure, pages)))
    tasks.append(asyncio.create_task(_tidy(stop)))
    waiting = asyncio.create_task(stop.wait())
    await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
    stop.set()
    done = await asyncio.gather(*tasks, return_exceptions=True)
    await queue.close()
    await queue.disconnect()
    for each in done:
        if isinstance(each, BaseException):
            raise each


async def _tidy(stop: asyncio.Event) -> None:
    while not stop.is_set():
        await wait(stop, TIDY)
        give_back()


async def _follow(stop: asyncio.Event, workspace: Workspace, on_failure: Callable[[str, BothwaysError], None]) -> None:
    """Take over changes of the settings where no worker does so."""
    with ThreadPoolExecutor(1, thread_name_prefix="bothways-settings") as aside:
        while not stop.is_set():
            await asyncio.get_running_loop().run_in_executor(aside, follow, workspace, on_failure)
            await wait(stop, TICK)


async def _answer(
    workspace: Workspace,
    queue: Queue,
    listener: socket.socket,
    stop: asyncio.Event,
    alive: Callable[[], bool],
    on_failure: Callable[[str, BothwaysError], None],
    with_pages: bool,
) -> None:
    loop = asyncio.get_running_loop()

    def soon(kind: str, ids: list[int]) -> None:
        asyncio.run_coroutine_threadsafe(trigger(kind, ids), loop)

    async def trigger(kind: str, ids: list[int]) -> bool:
        return await queue.trigger(kind, ids, urgent=True)

    app = Dispatcher(workspace, trigger, on_failure, alive, Pages(workspace, soon) if with_pages else None)
    server = Server(uvicorn.Config(app, lifespan="off", log_config=None, access_log=False, server_header=False))
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else a body waits for the reader to have its head
    serving = asyncio.create_task(server.serve([listener]))
    waiting = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([serving, waiting], return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
        app.streams.stop()
        server.should_exit = True
        await serving
        app.threads.shutdown(wait=True)


def _listening(role: Role) -> socket.socket:
    try:
        return socket.create_server((role.host, role.port or 0))
    except OSError as error:
        raise AddressInUse(address=f"{role.host}:{role.port}", reason=error.strerror) from error
