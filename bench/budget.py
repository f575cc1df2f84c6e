"""What the pages cost a browser and the process that serves them: bytes, requests, time, also on a slow machine."""

import contextlib
import http.client
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import psycopg
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright
from tests.browser.chromium import chromium_program

from bench.many import Works, memory_of, works
from bench.plain import WIDE
from bench.visitor import PASSWORD, Visitor, one_time_link, serve_pages
from bench.workers import FILL
from bothways.web.assets import PREFIX, assets

ROWS = 60
"""Mappings in the editor of fields; either app has ``WIDE`` fields."""

RECORDS = 20_000
"""Pairs that a run writes while its stream is listened to."""

SLOWER, DELAY, RATE = 4, 40, 10_000_000 / 8
"""A slow machine on a slow line: how many times as slow, milliseconds, and bytes in a second."""

TIMES = 7
"""How often each time is taken; half of them do not exceed what is told."""

PATIENCE = 120.0
OTHERS = ("htmx.js",)
"""Of the scripts those that are not our own."""

_SETTINGS = """\
version: 1
apps:
  left: {{connector: wide, url: "{apps}", auth: {{webhook_secret: {{env: PLAIN_SECRET}}}}}}
  right: {{connector: wide, url: "{apps}", auth: {{webhook_secret: {{env: PLAIN_SECRET}}}}}}
syncs:
  people:
    state: on
    objects: {{left: o0001, right: o0001}}
    fields: [{{left: email, right: email}}, {{left: name, right: name}}, {{left: title, right: title}}]
    guards: {{first_run: 1000000, max_change: 100%}}
  fields:
    state: draft
    objects: {{left: people, right: people}}
    fields:
{rows}
"""
_SETTLED = """([id]) => new Promise(done => {
  const box = document.getElementById(id), began = performance.now();
  const end = () => requestAnimationFrame(() => done(performance.now() - began));
  addEventListener("htmx:afterSettle", end, {once: true});
  box.click();
})"""
_PAINTED = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"


@dataclass
class Load:
    """What the first look at a page took over the wire, and how large it is."""

    sent: int = 0
    requests: int = 0
    own_script: int = 0
    style: int = 0
    foreign: int = 0
    nodes: int = 0


@dataclass
class Budget:
    """All figures. Times are in seconds, sizes in bytes; ``slow`` ones are those of a slow machine on a slow line."""

    loads: dict[str, Load] = field(default_factory=dict)
    paints: list[float] = field(default_factory=list)
    slow_paints: list[float] = field(default_factory=list)
    toggles: list[float] = field(default_factory=list)
    slow_toggles: list[float] = field(default_factory=list)
    toggle_sent: int = 0
    messages: int = 0
    streamed: float = 0.0
    longest: int = 0
    memory: int = 0
    up_memory: int = 0


def measure() -> Budget:
    """Serve a workspace, look at it in a browser, listen to a run, and see what each process holds at rest after it."""
    found = Budget()
    rows = "\n".join(
        f"      - {{left: extra{number:03}, right: extra{number:03}}}" for number in range(WIDE - ROWS, WIDE)
    )
    with works(lambda apps: _SETTINGS.format(apps=apps, rows=rows)) as site:
        with psycopg.connect(site.apps) as link:
            link.execute(FILL, (1, RECORDS))
            link.execute("UPDATE record SET title='Clerk' WHERE app='right'")
        if site.start("status").wait():  # so that the ledger is made, and what that takes is not at rest in the process
            raise SystemExit(site.logs()[-3000:])
        web = serve_pages(site)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium_program())
            _look(found, site, browser)
            browser.close()
        found.memory = memory_of(web.pid)
        site.stop(web)
        _listen(found, site)
    return found


def _look(found: Budget, site: Works, browser: Browser) -> None:
    page = browser.new_page(base_url=site.address)
    page.set_default_timeout(PATIENCE * 1000)
    page.goto(one_time_link(site))
    page.get_by_label("Your name").fill("Ana Ruiz")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Make account").click()
    page.wait_for_url("**/")
    page.goto("/syncs/fields")
    page.get_by_role("button", name="Edit sync settings").click()
    page.wait_for_url("**/drafts/*/records")
    editor = page.url.replace("/records", "/fields")
    kept = page.context.storage_state()
    for name, address in (("Syncs", "/"), ("Fields, 60 rows", editor)):
        with _fresh(browser, site, kept) as (other, line):
            found.loads[name] = _load(other, line, address, site.address)
    for times, slow in ((found.paints, False), (found.slow_paints, True)):
        for _ in range(TIMES):
            with _fresh(browser, site, kept) as (other, line):
                times.append(_paint(other, line, "/", slow=slow))
    for times, slow in ((found.toggles, False), (found.slow_toggles, True)):
        with _fresh(browser, site, kept) as (other, line):
            other.goto(editor)
            _slow(line, on=slow)
            times += [other.evaluate(_SETTLED, [f"on-{number + 1}"]) / 1000 for number in range(TIMES)]
            found.toggle_sent = max(found.toggle_sent, _sent_by_toggle(other, line))


@contextlib.contextmanager
def _fresh(browser: Browser, site: Works, kept: Any) -> Iterator[tuple[Page, CDPSession]]:
    """Open a page whose browser has seen nothing before, signed in."""
    context = browser.new_context(base_url=site.address, storage_state=kept)
    page = context.new_page()
    page.set_default_timeout(PATIENCE * 1000)
    line = context.new_cdp_session(page)
    line.send("Network.enable")
    yield page, line
    context.close()


def _slow(line: CDPSession, *, on: bool) -> None:
    """Let a page be shown as on a slow machine on a slow line, or as it is here."""
    if on:
        line.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        line.send(
            "Network.emulateNetworkConditions",
            {"offline": False, "latency": DELAY, "downloadThroughput": RATE, "uploadThroughput": RATE},
        )


def _load(page: Page, line: CDPSession, address: str, home: str) -> Load:
    found, asked = Load(), dict[str, str]()
    line.on("Network.requestWillBeSent", lambda told: asked.setdefault(told["requestId"], told["request"]["url"]))
    own = {asset.path for name, asset in assets().items() if name.endswith(".js") and name not in OTHERS}

    def loaded(told: dict[str, Any]) -> None:
        url = urlsplit(asked[told["requestId"]])
        size = int(told["encodedDataLength"])
        found.sent += size
        found.requests += 1
        found.foreign += url.scheme != "data" and url.netloc != urlsplit(home).netloc
        found.own_script += size if url.path in own else 0
        found.style += size if url.path.startswith(PREFIX) and url.path.endswith(".css") else 0

    line.on("Network.loadingFinished", loaded)
    page.goto(address, wait_until="networkidle")
    found.nodes = page.evaluate("() => document.querySelectorAll('*').length")
    return found


def _paint(page: Page, line: CDPSession, address: str, *, slow: bool) -> float:
    _slow(line, on=slow)
    page.goto(address, wait_until="load")
    return float(page.wait_for_function(_PAINTED).json_value()) / 1000


def _sent_by_toggle(page: Page, line: CDPSession) -> int:
    sizes: list[int] = []
    line.on("Network.loadingFinished", lambda told: sizes.append(int(told["encodedDataLength"])))
    page.evaluate(_SETTLED, ["on-20"])
    page.wait_for_function("() => true")
    return max(sizes, default=0)


def _listen(found: Budget, site: Works) -> None:
    """Have a run made, and listen to how far it is until it ends."""
    up, visitor = serve_pages(site, "up"), Visitor(site.address)
    visitor.sign_up(one_time_link(site), "Edo Sato")
    visitor.get("/syncs/people")
    visitor.post("/syncs/people/run")
    call = http.client.HTTPConnection(urlsplit(site.address).netloc, timeout=PATIENCE)
    cookies = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
    call.request("GET", "/syncs/people/now", headers={"Accept": "text/event-stream", "Cookie": cookies})
    answer, began = call.getresponse(), time.monotonic()
    if answer.status != 200:
        raise SystemExit(f"no stream: {answer.status} {answer.read()[:500]!r}\n{site.logs()[-2000:]}")
    size = 0
    for row in answer:
        size += len(row)
        if row == b"\n":
            found.messages += 1
            found.longest, size = max(found.longest, size), 0
    found.streamed = time.monotonic() - began
    found.up_memory = memory_of(up.pid)
    site.stop(up)
