"""The budget of the pages: each figure against its limit."""

from collections.abc import Callable, Sequence

from bench import budget, lists
from bench.lists import part

Target = Callable[[str, float, str, float], bool]

MODE = 0.95
"""Share of the requests for a page that are not to take longer than its limit."""

LIST_MS = 150
"""Milliseconds within which a page with a list is to be shown."""


def run(links: int, target: Target) -> list[bool]:
    """Measure everything; return which limits are kept. ``target`` tells of one."""
    return [*cost(target), *(met for database in (False, True) for met in shown(links, target, on_postgresql=database))]


def cost(target: Target) -> list[bool]:
    """Measure what the pages cost a browser and their process."""
    print("\nPages in Chromium, between two apps of 300 fields", flush=True)
    got = budget.measure()
    met = []
    for name, load in got.loads.items():
        print(f"  first look at {name}: {load.requests} requests")
        met += [
            target("kB over the wire", load.sent / 1000, "<=", 60),
            target("of it own script, kB", load.own_script / 1000, "<=", 12),
            target("of it style, kB", load.style / 1000, "<=", 12),
            target("requests to other hosts", load.foreign, "<=", 0),
            target("nodes", load.nodes, "<=", 3000),
        ]
    print(f"  times, half of {budget.TIMES} within; slow: processor / 4, 40 ms, 10 Mbit/s")
    print(f"    first paint of Syncs, as it is here: {half(got.paints):.2f} s")
    met += [
        target("first paint, slow, seconds", half(got.slow_paints), "<=", 1.2),
        target("a switch among 60 rows, seconds", half(got.toggles), "<=", 0.3),
        target("a switch among 60 rows, slow, seconds", half(got.slow_toggles), "<=", 0.8),
        target("kB over the wire for it", got.toggle_sent / 1000, "<=", 2),
    ]
    print(f"  a stream while {budget.RECORDS:,} records are written: {got.messages} messages in {got.streamed:.1f} s")
    return [
        *met,
        target("messages in a second", got.messages / max(got.streamed, 1.0), "<=", 2),
        target("kB of the longest", got.longest / 1000, "<=", 2),
        target("memory of web at rest, MB", got.memory / 1e6, "<=", 80),
        target("memory of up at rest, MB", got.up_memory / 1e6, "<=", 80),
    ]


def shown(links: int, target: Target, *, on_postgresql: bool) -> list[bool]:
    """Measure how long each page with a list takes."""
    print(f"\nPages with lists, {links:,} links on {'PostgreSQL' if on_postgresql else 'SQLite'}", flush=True)
    got = lists.measure(links, on_postgresql=on_postgresql)
    print(f"    ledger {got.size / 2**20:,.0f} MiB; the process in the end {got.memory / 1e6:.0f} MB")
    met = []
    for name, seconds in got.seconds.items():
        first, middle, cpu = (1000 * each for each in (got.first[name], half(seconds), got.cpu[name]))
        beside = f" and {1000 * got.server[name]:.0f} ms of the server" if on_postgresql else ""
        print(f"    {name}: first {first:.0f} ms, half within {middle:.0f} ms, processor {cpu:.0f} ms{beside}")
        met.append(target(f"{name}, ms for 95 %", 1000 * part(seconds, MODE), "<=", LIST_MS))
    return met


def half(values: Sequence[float]) -> float:
    """Return what half of the values do not exceed."""
    return part(list(values), 0.5)
