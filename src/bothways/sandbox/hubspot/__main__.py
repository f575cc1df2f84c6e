"""Run the stand-in by itself: ``python -m bothways.sandbox.hubspot --port 8123``."""

import argparse
import signal
import threading

from bothways.sandbox.hubspot.clocks import Clock, FrozenClock
from bothways.sandbox.hubspot.hooks import CLIENT_SECRET
from bothways.sandbox.hubspot.server import TOKEN, HubSpotSandbox


def main(arguments: list[str] | None = None) -> None:
    """Serve until SIGTERM or SIGINT."""
    given = _parser().parse_args(arguments)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with HubSpotSandbox(
        {given.token: None},
        index_lag=given.index_lag,
        rate=(given.rate, 10.0) if given.rate else None,
        search_rate=(5, 1.0) if given.rate else None,
        search_cap=given.search_cap,
        client_secret=given.client_secret,
        database=given.database,
        clock=FrozenClock() if given.frozen else Clock(),
        port=given.port,
    ) as hubspot:
        print(f"listening on {hubspot.url}", flush=True)
        stop.wait()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bothways.sandbox.hubspot", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1 (0: any that is free)")
    parser.add_argument("--token", default=TOKEN, help="the access token that is accepted")
    parser.add_argument("--client-secret", default=CLIENT_SECRET, help="what webhooks are signed with")
    parser.add_argument("--database", default=":memory:", help="file that keeps the account")
    parser.add_argument("--index-lag", type=float, default=0.0, help="seconds until a save can be found by search")
    parser.add_argument("--search-cap", type=int, default=10_000, help="row at which a search ends")
    parser.add_argument("--rate", type=int, default=100, help="calls per ten seconds (0: no limit)")
    parser.add_argument("--frozen", action="store_true", help="a clock that moves only when told")
    return parser


if __name__ == "__main__":
    main()
