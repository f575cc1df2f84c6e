"""What the pages may never do is noticed when it is done."""

from contextlib import nullcontext

from playwright.sync_api import Browser, Route

from tests.browser.house import House
from tests.browser.watch import Watch

LINK = "() => { const link = document.createElement('a'); link.href = 'ADDRESS'; link.click(); }"


def led(chromium: Browser, house: House, address: str, apps: tuple[str, ...] = ()) -> list[str]:
    """Let a script lead from the sign-in page to an address, wait until that is asked, and return what was noticed."""
    return watched(chromium, house, LINK.replace("ADDRESS", address), apps, address)


def watched(
    chromium: Browser, house: House, script: str, apps: tuple[str, ...] = (), asks: str | None = None
) -> list[str]:
    """Let a script act on the sign-in page, and return what was noticed; the answers of other hosts are made here."""

    def answer(route: Route) -> None:
        if "fails" in route.request.url:
            route.fulfill(status=500, body="")
        elif "elsewhere" in route.request.url:
            route.fulfill(status=204)
        else:
            route.continue_()

    watch, context = Watch(house.url, apps), chromium.new_context(base_url=house.url)
    watch.over(context)
    page = context.new_page()
    page.route("**/*", answer)
    page.goto("/login")
    assert watch.problems == []
    with page.expect_request(asks) if asks else nullcontext():
        page.evaluate(script)
    context.close()
    return watch.problems


def test_request_to_another_host_is_noticed(chromium: Browser, house: House) -> None:
    found = led(chromium, house, "http://elsewhere.example/")
    assert "another host was asked: http://elsewhere.example/" in found


def test_app_that_somebody_is_sent_to_is_asked_for_that_page_alone(chromium: Browser, house: House) -> None:
    allow = "http://elsewhere.example/oauth/authorize"
    assert led(chromium, house, allow, (allow,)) == []
    assert led(chromium, house, "http://elsewhere.example/crm", (allow,)) != []


def test_what_the_policy_forbids_is_noticed(chromium: Browser, house: House) -> None:
    found = watched(chromium, house, "() => { document.body.innerHTML += '<p style=\"color: red\">Red</p>'; }")
    assert any("Content Security Policy" in each for each in found), found


def test_failure_of_the_server_and_of_a_script_is_noticed(chromium: Browser, house: House) -> None:
    assert any(each.startswith("500 of") for each in watched(chromium, house, "() => fetch('/fails')"))
    found = watched(
        chromium, house, "() => new Promise((r) => { setTimeout(() => { throw Error('oh') }); setTimeout(r, 50) })"
    )
    assert any("oh" in each for each in found)
