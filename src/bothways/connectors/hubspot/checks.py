"""Deep checks that only look: they write nothing in the account."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from bothways.connectors.http import Response
from bothways.connectors.hubspot.api import fits_in_query
from bothways.connectors.hubspot.facts import CONCURRENCY, LONGEST_QUERY, NOT_SET_UP, SENSITIVE
from bothways.connectors.hubspot.listing import next_page
from bothways.connectors.hubspot.lists import lists, members
from bothways.connectors.hubspot.objects import COMPANIES, CONTACTS, DEALS, LEADS, REFERENCES, TICKETS, custom_kind
from bothways.connectors.hubspot.problems import day_of, limit_of
from bothways.connectors.hubspot.trial import ANSWERED, NotChecked, Trial
from bothways.errors import PermissionMissing

Seen = tuple[bool, str]
"""Whether it was as we thought, and what was seen."""

MOST_LISTS = 10
"""Of so many lists it is looked at whether anybody is in them."""

TRIES = 3
"""How often headers are compared, before other calls count as being in the way."""


def limits_told(trial: Trial) -> Seen:
    """Look for both limits in the headers of a listing. That of the day is not told to an app let in by OAuth."""
    headers = trial.listing(limit=1).headers
    limit, day = limit_of(headers), day_of(headers)
    first = f"{limit[0]} calls in {limit[1]:g} seconds" if limit else "no limit of seconds is told"
    second = f"{day[0]} calls a day" if day else "no limit of the day is told"
    return limit is not None and (day is not None or trial.by_oauth), f"{first}, {second}"


def search_counts_twice(trial: Trial) -> Seen:
    """Compare what is left of the limit before and after three searches, from a window without calls of ours on."""
    told = limit_of(trial.listing(limit=1).headers)
    if told is None:
        raise NotChecked("the answers tell no limit")
    for _ in range(TRIES):
        trial.sleep(told[1])
        before = _left(trial)
        for _ in range(3):
            trial.ask(CONTACTS.name, "search", {"limit": 1, "properties": [], "filterGroups": []})
        fell = before - _left(trial)
        if fell in (1, 4):
            return fell == 4, f"after three searches and one other call, {fell} fewer are left"
    raise NotChecked("other programs called in between")


def longest_query(trial: Trial) -> Seen:
    """Ask for a listing with the longest query that is ever sent."""
    names = [CONTACTS.modified]
    while fits_in_query([*names, CONTACTS.modified]):
        names.append(CONTACTS.modified)
    status = trial.listing(names).status
    return status == 200, f"a query of about {LONGEST_QUERY} characters is answered with HTTP {status}"


def listing_by_id(trial: Trial) -> Seen:
    """List two pages of contacts."""
    rows, after = list[Any](), None
    for _ in range(2):
        page = trial.api.body(trial.listing(after=after))
        rows += page.get("results") or ()
        after = next_page(page)
        if after is None:
            break
    return _in_order(rows)


def search_by_id(trial: Trial) -> Seen:
    """Search contacts in the order of ids, and for those behind the first of them."""
    sorts = [{"propertyName": "hs_object_id", "direction": "ASCENDING"}]
    body: dict[str, Any] = {"filterGroups": [], "sorts": sorts, "properties": [], "limit": 100}
    answer = trial.ask(CONTACTS.name, "search", body)
    if answer.status >= 400:
        return False, f"it is answered with {answer.words}"
    rows = answer.rows
    so, seen = _in_order(rows)
    filters = [{"propertyName": "hs_object_id", "operator": "GT", "value": str(rows[0]["id"])}]
    behind = trial.ask(CONTACTS.name, "search", {**body, "filterGroups": [{"filters": filters}], "limit": 1}).rows
    goes_on = [str(row["id"]) for row in behind] == [str(rows[1]["id"])]
    return so and goes_on, seen + ("" if goes_on else "; a search behind the first does not go on with the second")


def gone_property(trial: Trial) -> Seen:
    """Read a contact with a property that there is none of."""
    name = "bothways_no_such_property"
    answer = trial.listing([name], limit=1)
    if answer.status != 200:
        return False, f"it is answered with HTTP {answer.status}"
    shown = _shown(trial, answer, name)
    return not shown, "it is shown as empty" if shown else "it is passed over"


def concurrency(trial: Trial) -> Seen:
    """Ask as many times at once as is ever done."""

    def status(_: int) -> int:
        path = trial.api.path("account")
        return trial.api.http.request("GET", path, call="check", repeatable=True, ok=ANSWERED | {429}).status

    with ThreadPoolExecutor(CONCURRENCY) as pool:
        statuses = list(pool.map(status, range(CONCURRENCY)))
    refused = [each for each in statuses if each != 200]
    return not refused, f"{len(statuses) - len(refused)} of {len(statuses)} calls at a time are answered" + (
        f", the others with HTTP {refused[0]}" if refused else ""
    )


def sensitive_hidden(trial: Trial) -> Seen:
    """Look for sensitive properties in the list; that there are some must be seen by asking for them."""
    shown = _sensitive(trial, {})
    if shown:
        return False, f"{shown[0]} is in the list, and sensitive"
    asked = _sensitive(trial, {"dataSensitivity": SENSITIVE})
    if not asked:
        raise NotChecked("there are no sensitive properties of contacts that the token may see")
    return True, f"{asked[0]} is sensitive, and in the list only if that is asked for"


def sensitive_passed_over(trial: Trial) -> Seen:
    """Read a contact with a sensitive property. One that is shown is one that the token may see."""
    name = next(iter(_sensitive(trial, {"dataSensitivity": SENSITIVE})), "")
    if not name:
        raise NotChecked("there are no sensitive properties of contacts that the token may know of")
    try:
        answer = trial.listing([name], limit=1)
    except PermissionMissing as error:
        return False, f"reading {name} is refused: {error.message}"
    if _shown(trial, answer, name):
        raise NotChecked(f"the token may see what {name} holds")
    return answer.status == 200, f"reading {name} is answered with HTTP {answer.status}, and it is passed over"


def not_set_up(trial: Trial) -> Seen:
    """Search leads, and ask for their properties, as is done in an account without them."""
    search = trial.ask(LEADS.name, "search", {"limit": 1, "properties": [], "filterGroups": []}).status
    path = trial.api.path("properties", LEADS.name)
    listing = trial.api.http.request("GET", path, call="check", repeatable=True, ok=ANSWERED).status
    refusals = [status for status in (search, listing) if status >= 400]
    if not refusals:
        raise NotChecked("leads are set up in the account")
    so = NOT_SET_UP.issuperset(refusals)
    return so, f"a search of leads is answered with HTTP {search}, and the list of their properties with {listing}"


def list_size(trial: Trial) -> Seen:
    """Compare the sizes that a search tells of lists of contacts, those of the small ones, with who is in them."""
    there = [each for each in lists(trial.api, CONTACTS.name) if each.whole]
    if any(each.size is None for each in there):
        return False, "there are lists of which no size is told"
    small = sorted(there, key=lambda each: each.size or 0)[:MOST_LISTS]
    empty = [each for each in small if not any(members(trial.api, each.id))]
    if not empty:
        raise NotChecked("the account has no list of contacts that nobody is in")
    wrong = [each for each in small if (each.size == 0) is not (each in empty)]
    return not wrong, f"{len(empty)} of {len(small)} lists are empty" + (
        f", and of the list {wrong[0].name} the size {wrong[0].size} is told" if wrong else ", as their sizes tell"
    )


def no_address_is_refused(trial: Trial) -> Seen:
    """Look up what is no address."""
    body = {"idProperty": "email", "properties": ["email"], "inputs": [{"id": "no address"}]}
    answer = trial.ask(CONTACTS.name, "batch/read", body)
    return answer.status in (200, 207, 400) and not answer.rows, f"it is answered with {answer.words}"


def stages_are_options(trial: Trial) -> Seen:
    """Compare the pipelines and stages of deals with the options of their two properties."""
    pipelines = trial.api.pipelines(DEALS.name)
    if not pipelines:
        raise NotChecked("the token may not see pipelines of deals")
    stages = {str(stage["id"]) for each in pipelines for stage in each.get("stages") or ()}
    properties = {str(each["name"]): each for each in trial.api.properties(DEALS.name)}
    shown = [_options(properties.get(name, {})) for name in (DEALS.pipeline, DEALS.stage)]
    so = shown[0] >= {str(each["id"]) for each in pipelines} and shown[1] >= stages
    return so, f"{len(pipelines)} pipelines and {len(stages)} stages, {len(shown[0])} and {len(shown[1])} options"


def owners_to_a_page(trial: Trial) -> Seen:
    """Ask for as many owners as are asked for at once."""
    query, path = {"limit": "500", "archived": "false"}, trial.api.path("owners")
    status = trial.api.http.request("GET", path, query=query, call="check", repeatable=True, ok=ANSWERED).status
    return status == 200, f"it is answered with HTTP {status}"


def lead_types(trial: Trial) -> Seen:
    """Look for the types by which leads are associated among those that there are."""
    wanted = {type for each in REFERENCES[LEADS.name] for type in (each.type, each.primary) if type}
    there = {int(row["typeId"]) for each in REFERENCES[LEADS.name] for row in trial.api.labels(LEADS.name, each.to)}
    missing = sorted(wanted - there)
    return not missing, f"{len(wanted - set(missing))} of {len(wanted)} types are there" + (
        f", and not {missing[0]}" if missing else ""
    )


def association_types(trial: Trial) -> Seen:
    """Look for the types by which contacts, deals and tickets are associated, and which of them have a label."""
    looked, wrong = 0, list[str]()
    for object in (CONTACTS.name, DEALS.name, TICKETS.name):
        for each in REFERENCES[object]:
            with suppress(PermissionMissing):
                labels = {int(row["typeId"]): row.get("label") for row in trial.api.labels(object, each.to)}
                wanted = {each.type: False, **({each.primary: True} if each.primary else {})}
                looked += len(wanted)
                wrong += [
                    f"{type} from {object} to {each.to}"
                    for type, has_label in wanted.items()
                    if type not in labels or bool(labels[type]) is not has_label
                ]
    if not looked:
        raise NotChecked("the token may not see what they can be associated by")
    return not wrong, f"{looked - len(wrong)} of {looked} types are as we thought" + (
        f", and not {wrong[0]}" if wrong else ""
    )


def custom_plain_type(trial: Trial) -> Seen:
    """Look for a type without a label wherever custom objects are associated with contacts or companies."""
    looked, lacking = 0, list[str]()
    others = {each.type_id: each.name for each in (CONTACTS, COMPANIES)}
    for row in trial.api.schemas():
        kind = custom_kind(row)
        types = {str(each.get("toObjectTypeId")) for each in row.get("associations") or ()}
        for other in (name for type_id, name in others.items() if kind is not None and type_id in types):
            name = str(row["objectTypeId"])
            looked += 1
            lacking += (
                [] if any(not each.get("label") for each in trial.api.labels(name, other)) else [f"{name} to {other}"]
            )
    if not looked:
        raise NotChecked("the account has no custom objects that are associated with contacts or companies")
    return not lacking, f"{looked - len(lacking)} of {looked} have one" + (f", and not {lacking[0]}" if lacking else "")


def _in_order(rows: Sequence[Mapping[str, Any]]) -> Seen:
    """Tell whether ids only grow; raise NotChecked if there are too few."""
    ids = [int(row["id"]) for row in rows]
    if len(ids) < 2:
        raise NotChecked("there are too few contacts")
    return ids == sorted(
        set(ids)
    ), f"{len(ids)} contacts, whose ids {'only grow' if ids == sorted(set(ids)) else 'do not'}"


def _shown(trial: Trial, answer: Response, name: str) -> bool:
    """Tell whether the first contact of a listing shows a property; raise NotChecked if there is none."""
    if answer.status != 200:
        return False
    rows = trial.api.rows(trial.api.body(answer))
    if not rows:
        raise NotChecked("there are no contacts")
    return name in (rows[0].get("properties") or {})


def _options(prop: Mapping[str, Any]) -> set[str]:
    return {str(each["value"]) for each in prop.get("options") or ()}


def _left(trial: Trial) -> int:
    told = limit_of(trial.listing(limit=1).headers)
    if told is None or told[2] is None:
        raise NotChecked("the answers do not tell what is left of the limit")
    return told[2]


def _sensitive(trial: Trial, query: dict[str, str]) -> list[str]:
    path = trial.api.path("properties", CONTACTS.name)
    response = trial.api.http.request("GET", path, query=query, call="check", repeatable=True, ok=ANSWERED)
    rows = trial.answer(response).rows
    return [str(each.get("name")) for each in rows if each.get("dataSensitivity") not in (None, "", "non_sensitive")]
