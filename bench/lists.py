"""How fast pages with lists are shown of a ledger with very many links, and what the process that shows them needs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import ceil
from urllib.parse import quote

from bench import filled
from bench.many import cpu_of, memory_of, works
from bench.visitor import Answer, Visitor, one_time_link, serve_pages

ROUNDS = 20
"""How often each page is asked for; the first time does not count, as nobody's browser or cache knows it yet."""

STATES = ("in_sync", "left_out", "failing", "held", "waiting")
REASONS = ("filter", "partner", "empty", "email")
"""Why records are left out: by the link, by its end, by what they hold; and a reason that nobody has."""


@dataclass
class Shown:
    """Seconds by page, the first time apart; ``cpu``: processor seconds of the process for one of the page, and
    ``server`` those of the PostgreSQL server.

    ``memory`` of the process at the end, ``size`` of the ledger, in bytes.
    """

    seconds: dict[str, list[float]] = field(default_factory=dict)
    cpu: dict[str, float] = field(default_factory=dict)
    server: dict[str, float] = field(default_factory=dict)
    first: dict[str, float] = field(default_factory=dict)
    memory: int = 0
    size: float = 0.0


def measure(links: int, *, on_postgresql: bool) -> Shown:
    """Fill a ledger, serve it, ask for every page again and again, each in turn."""
    told = filled.ON_POSTGRESQL if on_postgresql else ""
    with works(lambda apps: filled.SETTINGS.format(apps=apps, database=told)) as site:
        filled.small(site)
        shown = Shown(size=filled.make_many(site, links, on_postgresql=on_postgresql))
        web = serve_pages(site)
        visitor = Visitor(site.address)
        visitor.sign_up(one_time_link(site), "Ana Ruiz")
        wanted = pages(links)
        for name, page in wanted.items():
            shown.first[name] = page(visitor).seconds
        for _ in range(ROUNDS):
            for name, page in wanted.items():
                before, there = cpu_of(web.pid), site.server_cpu()
                answer = page(visitor)
                shown.server[name] = shown.server.get(name, 0.0) + (site.server_cpu() - there) / ROUNDS
                shown.cpu[name] = shown.cpu.get(name, 0.0) + (cpu_of(web.pid) - before) / ROUNDS
                if answer.status != 200:
                    raise SystemExit(f"{name}: {answer.status} {answer.text[:500]}\n{site.logs()[-2000:]}")
                shown.seconds.setdefault(name, []).append(answer.seconds)
        shown.memory = memory_of(web.pid)
        return shown


def pages(links: int) -> Mapping[str, Callable[[Visitor], Answer]]:
    """Return every page with a list, by name."""
    base = f"/syncs/{filled.SYNC}"
    fixed = {
        "home": "/",
        "overview": base,
        "records": f"{base}/records",
        **{f"records, {state}": f"{base}/records?state={state}" for state in STATES},
        **{f"records, left out: {by}": f"{base}/records?state=left_out&reason={by}" for by in REASONS},
        "records, deep": f"{base}/records?after=pairs:{links * 9 // 10}",
        "records, in sync, deep": f"{base}/records?state=in_sync&after=pairs:{links * 9 // 10}",
        "records, without a partner": f"{base}/records?state=left_out&after=left:",
        "search, an id": f"{base}/records?q=left{links * 4 // 5}",
        "search, an e-mail": f"{base}/records?q=p{links * 4 // 5}@firm{links * 4 // 5 % 5003}.example",
        "search, a name that many have": f"{base}/records?q=given7",
        "search, nobody": f"{base}/records?q=nobody+is+called+so",
        "record": f"{base}/records/{quote(f'left:left{links // 2}', safe='')}",
        "preview": f"{base}/preview",
        "preview, deep": f"{base}/preview?after={links // 6}",
        "preview, search": f"{base}/preview?q=name+599",
        "issues": "/issues",
        "activity": "/activity",
        "now": f"{base}/now",
        "apps": "/apps",
        "app": "/apps/left",
    }
    return {name: _page(path) for name, path in fixed.items()}


def _page(path: str) -> Callable[[Visitor], Answer]:
    return lambda visitor: visitor.get(path)


def part(values: list[float], share: float) -> float:
    """Return the value that this share of them does not exceed."""
    return sorted(values)[max(0, ceil(share * len(values)) - 1)]
