"""A slow line between the browser and the pages, for looking for races: ``pytest tests/browser --slow-line 1``.

Each request, and the beginning of each answer, waits for up to 0.4 s before it goes on; the number draws how long.
"""

import random
import socket
import threading
import time
from contextlib import suppress
from urllib.parse import urlsplit

MOST = 0.4
"""Seconds for which a request or an answer waits at most."""


class SlowLine:
    """Stands before servers of this machine."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def before(self, address: str) -> str:
        """Return an address that leads to this one, slowly, as long as the process lives."""
        door = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._let_in, args=(door, urlsplit(address).port), daemon=True).start()
        return f"http://127.0.0.1:{door.getsockname()[1]}"

    def _let_in(self, door: socket.socket, port: int) -> None:
        while True:
            browser, _ = door.accept()
            try:
                server = socket.create_connection(("127.0.0.1", port))
            except OSError:
                browser.close()
                continue
            asked = threading.Event()
            for way in ((browser, server, asked, True), (server, browser, asked, False)):
                threading.Thread(target=self._carry, args=way, daemon=True).start()

    def _carry(self, source: socket.socket, to: socket.socket, asked: threading.Event, asks: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if asks or asked.is_set():
                    time.sleep(self._random.random() * MOST)
                asked.set() if asks else asked.clear()
                to.sendall(data)
        for each in (source, to):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
