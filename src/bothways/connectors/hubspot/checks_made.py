"""Deep checks on records that are made for them, and on no others."""

from collections.abc import Mapping, Sequence
from typing import Any

from bothways.connectors.hubspot.associations import held_by
from bothways.connectors.hubspot.checks import Seen
from bothways.connectors.hubspot.facts import FORWARD_ONLY, INDEX_LAG, LONGEST_TEXT
from bothways.connectors.hubspot.objects import COMPANIES, CONTACTS, OWN, REFERENCES
from bothways.connectors.hubspot.schema import in_order
from bothways.connectors.hubspot.trial import ANSWERED, DOMAIN, Answer, NotChecked, Trial
from bothways.connectors.hubspot.values import email_key, listed
from bothways.connectors.hubspot.writers import PRODUCTS

WAIT = 10.0
"""Seconds after which HubSpot has surely done what it does by itself after a write."""

ROUNDS = 5
"""How often a value is changed and read at once."""

LONGEST_PAUSE = 15.0
"""Seconds between two searches for one record, at most."""

_TO_COMPANIES = REFERENCES[CONTACTS.name][0]


# --- what several of them look at -----------------------------------------------------------------------


def _first(trial: Trial) -> tuple[str, str, float]:
    """Make a contact with an address in capitals; return its id, the address, and when it was made."""
    sent = trial.contact()
    sent["email"] = sent["email"].title()
    id = trial.one(CONTACTS.name, sent)
    return id, sent["email"], trial.clock()


def _entry(trial: Trial) -> Mapping[str, Any]:
    """Return what the history of the first contact tells of its latest write, which is ours."""
    id, name = trial.once(_first)[0], "lastname"
    body = {"properties": [], "propertiesWithHistory": [name], "inputs": [{"id": id}]}
    rows = trial.ask(CONTACTS.name, "batch/read", body).rows
    entries: Sequence[Mapping[str, Any]] = ((rows[0].get("propertiesWithHistory") or {}) if rows else {}).get(
        name
    ) or ()
    return entries[0] if entries else {}


def _firm(trial: Trial) -> str:
    """Make a company."""
    return trial.one(COMPANIES.name, trial.company())


def _batch(trial: Trial) -> Answer:
    """Have three contacts made by one call, the last with what is no address."""
    return trial.make(CONTACTS.name, trial.contact(), trial.contact(), trial.contact(email="no address"))


def _pair(trial: Trial) -> list[tuple[str, str]]:
    """Return ids and addresses of two contacts: those of the batch, if it was carried out."""
    rows = trial.once(_batch).rows
    ids = [trial.ours(CONTACTS.name, row) for row in rows][:2]
    while len(ids) < 2:
        ids.append(trial.one(CONTACTS.name, trial.contact()))
    return [(id, str(trial.values(id, "email")["email"])) for id in ids]


def _associated(trial: Trial) -> tuple[str, str, bool]:
    """Associate the first contact with the company; return its dates of modification before and after.

    And whether it was shown as associated at once.
    """
    id, firm = trial.once(_first)[0], trial.once(_firm)
    before = str(trial.values(id)[CONTACTS.modified])
    trial.sleep(2.0)  # dates of two saves differ
    _associate(trial, id, firm, [(OWN, _TO_COMPANIES.type)])
    shown = firm in held_by(trial.api, CONTACTS.name, _TO_COMPANIES, [id])[id]
    trial.sleep(WAIT)
    return before, str(trial.values(id)[CONTACTS.modified]), shown


def _in_bin(trial: Trial) -> tuple[str, str]:
    """Make a contact and archive it; return its id and address."""
    sent = trial.contact()
    id = trial.one(CONTACTS.name, sent)
    trial.archive(id)
    trial.sleep(WAIT)
    return id, sent["email"]


def _merged(trial: Trial) -> tuple[str, list[tuple[str, str]]]:
    """Merge the pair; return the id of what is left, and the pair."""
    pair = trial.once(_pair)
    ids = [id for id, _ in pair]
    body = {"primaryObjectId": ids[0], "objectIdToMerge": ids[1]}
    response = trial.api.do(CONTACTS.name, "merge", body, call="check write", ok=ANSWERED)
    if response.status >= 400:
        raise NotChecked(f"HubSpot does not merge them: {trial.api.said(response).message}")
    survivor = str(trial.api.body(response).get("id") or ids[0])
    trial.merged(ids, survivor)
    trial.sleep(WAIT)
    return survivor, pair


def _associate(trial: Trial, id: str, firm: str, types: Sequence[tuple[str, int]]) -> None:
    rows = [{"associationCategory": category, "associationTypeId": number} for category, number in types]
    body = {"inputs": [{"from": {"id": id}, "to": {"id": firm}, "types": rows}]}
    answer = trial.answer(trial.api.associations(CONTACTS.name, COMPANIES.name, "create", body, ok=ANSWERED))
    if answer.problems:
        raise NotChecked(f"HubSpot does not associate them: {answer.words}")


def _property(trial: Trial, first: str, type: str, form: str) -> Mapping[str, Any]:
    """Return a property of contacts that can be written: this one, or the first custom one of a form; NotChecked."""
    fitting = [
        each
        for each in trial.api.properties(CONTACTS.name)
        if (each.get("type"), each.get("fieldType")) == (type, form)
        and not (each.get("modificationMetadata") or {}).get("readOnlyValue")
        and not each.get("calculated")
    ]
    custom = (each for each in fitting if not each.get("hubspotDefined"))
    found = next((each for each in fitting if each["name"] == first), None) or next(custom, None)
    if found is None:
        raise NotChecked(f"contacts have no property of the form {form} that could be used")
    return found


def _unique(trial: Trial) -> str:
    """Return a unique text property of contacts that can be written; raise NotChecked."""
    for each in trial.api.properties(CONTACTS.name):
        fixed = (each.get("modificationMetadata") or {}).get("readOnlyValue")
        if each.get("hasUniqueValue") and each["name"] != "email" and each.get("type") == "string" and not fixed:
            return str(each["name"])
    raise NotChecked("contacts have no unique property of text besides their address")


def _options(prop: Mapping[str, Any]) -> list[str]:
    return [str(each["value"]) for each in in_order(prop) if not each.get("hidden")]


def _set(trial: Trial, id: str, name: str, value: str) -> str | None:
    """Set a property and return what it holds then; raise NotChecked if that is refused."""
    answer = trial.update(id, {name: value})
    if answer.problems:
        raise NotChecked(f"{name} cannot be set: {answer.words}")
    return trial.values(id, name)[name]


# --- one contact ----------------------------------------------------------------------------------------


def emails_lower_case(trial: Trial) -> Seen:
    """Read the address that was sent in capitals."""
    id, sent, _ = trial.once(_first)
    held = trial.values(id, "email")["email"]
    return held == email_key(sent), f"{sent} is kept as {held}"


def index_lag(trial: Trial) -> Seen:
    """Search for the contact until it is found."""
    id, _, at = trial.once(_first)
    filters = [{"propertyName": "hs_object_id", "operator": "EQ", "value": id}]
    body = {"filterGroups": [{"filters": filters}], "properties": [], "limit": 1}
    pause = 1.0
    while True:
        answer, passed = trial.ask(CONTACTS.name, "search", body), trial.clock() - at
        if answer.status >= 400:
            raise NotChecked(f"the search is refused: {answer.words}")
        if answer.rows:
            return passed <= INDEX_LAG, f"found after {passed:.0f} seconds"
        if passed >= INDEX_LAG:
            return False, f"not found after {passed:.0f} seconds"
        trial.sleep(min(pause, INDEX_LAG - passed))
        pause = min(2 * pause, LONGEST_PAUSE)


def own_writes(trial: Trial) -> Seen:
    """Read by whom the history says that we wrote."""
    entry = trial.once(_entry)
    source, program = str(entry.get("sourceType")), str(entry.get("sourceId") or "")
    told = f", program {program}" if program else ", and no program is named"
    return any(each in source for each in PRODUCTS) and bool(program), f"sourceType is {source}{told}"


def own_number(trial: Trial) -> Seen:
    """Compare the number by which the history names us with that of our app, where the settings tell it."""
    own = trial.app_id
    if not own:
        raise NotChecked("the settings do not tell the number of our app (webhook_app_id)")
    entry = trial.once(_entry)
    return str(entry.get("sourceId")) == own, f"our app is {own}, and sourceId is {entry.get('sourceId')}"


def reads_are_fresh(trial: Trial) -> Seen:
    """Write a name some times, and read it at once: by the contact's id, by its address, and in the listing.

    A listing that does not begin with the contact whose id it is to begin at is left out.
    """
    id, email, _ = trial.once(_first)
    name, inputs = "jobtitle", [{"id": id}]
    by_email = {"idProperty": "email", "properties": [name], "inputs": [{"id": email_key(email)}]}
    late = dict[str, int]()
    for number in range(ROUNDS):
        if (refused := trial.update(id, {name: f"Tester {number}"})).problems:
            raise NotChecked(f"{name} cannot be set: {refused.words}")
        shown = {
            "by its id": trial.ask(CONTACTS.name, "batch/read", {"properties": [name], "inputs": inputs}).rows,
            "by its address": trial.ask(CONTACTS.name, "batch/read", by_email).rows,
            "in a listing": trial.answer(trial.listing([name], limit=1, after=id)).rows,
        }
        for way, rows in shown.items():
            if way != "in a listing" or [str(row.get("id")) for row in rows] == [id]:
                held = [(row.get("properties") or {}).get(name) for row in rows]
                late[way] = late.get(way, 0) + (held != [f"Tester {number}"])
    seen = [f"{way} {ROUNDS - count}" for way, count in late.items()]
    return not any(late.values()), f"of {ROUNDS} changes were shown at once: {', '.join(seen)}"


def longest_text(trial: Trial) -> Seen:
    """Write the longest text there can be, and one that is longer."""
    id, name = trial.once(_first)[0], str(_property(trial, "message", "string", "textarea")["name"])
    taken = trial.update(id, {name: "x" * LONGEST_TEXT})
    held = len(trial.values(id, name)[name] or "") if not taken.problems else 0
    longer = trial.update(id, {name: "x" * (LONGEST_TEXT + 1)})
    seen = f"of {LONGEST_TEXT} characters {held} are kept, one more is {'refused' if longer.problems else 'taken'}"
    return held == LONGEST_TEXT and bool(longer.problems), seen


def blank_clears(trial: Trial) -> Seen:
    """Set a property and clear it."""
    id = trial.once(_first)[0]
    if _set(trial, id, "jobtitle", "Tester") != "Tester":
        raise NotChecked("jobtitle does not hold what it was set to")
    held = _set(trial, id, "jobtitle", "")
    return not held, f"it holds {held!r} then" if held else "it holds nothing then"


def _stages(trial: Trial) -> tuple[str, str]:
    """Bring the first contact into the second stage that there is; return the first one and this."""
    options = next((_options(p) for p in trial.api.properties(CONTACTS.name) if p["name"] == FORWARD_ONLY), [])
    if len(options) < 2:
        raise NotChecked("contacts have no two lifecycle stages")
    if _set(trial, trial.once(_first)[0], FORWARD_ONLY, options[1]) != options[1]:
        raise NotChecked(f"the stage cannot be set to {options[1]}")
    return options[0], options[1]


def stage_stays(trial: Trial) -> Seen:
    """Set the stage to an earlier one."""
    earlier, later = trial.once(_stages)
    id = trial.once(_first)[0]
    answer = trial.update(id, {FORWARD_ONLY: earlier})
    held = trial.values(id, FORWARD_ONLY)[FORWARD_ONLY]
    refused = bool(answer.problems)
    return held == later and not refused, f"it is {'refused' if refused else 'taken'}, and the stage is {held}"


def stage_goes_back(trial: Trial) -> Seen:
    """Clear the stage, and set it to an earlier one."""
    earlier, _ = trial.once(_stages)
    id = trial.once(_first)[0]
    if _set(trial, id, FORWARD_ONLY, ""):
        raise NotChecked("the stage cannot be cleared")
    held = _set(trial, id, FORWARD_ONLY, earlier)
    return held == earlier, f"the stage is {held} then"


def semicolon_adds(trial: Trial) -> Seen:
    """Set one option, add another one, and set that alone."""
    id, prop = trial.once(_first)[0], _property(trial, "hs_buying_role", "enumeration", "checkbox")
    name, options = str(prop["name"]), _options(prop)
    if len(options) < 2:
        raise NotChecked(f"{name} has no two options")
    one, two = options[:2]
    held = [listed(_set(trial, id, name, value)) for value in (one, f";{two}", two)]
    return [set(each) for each in held] == [{one}, {one, two}, {two}], f"{name} holds {held[1]} and then {held[2]}"


# --- batches --------------------------------------------------------------------------------------------


def rows_are_reported(trial: Trial) -> Seen:
    """Look which rows of the batch were carried out."""
    answer = trial.once(_batch)
    named = any(each.traces for each in answer.problems)
    return len(answer.rows) == 2 and named, f"of three rows, one of them wrong: {answer.words}"


def bad_values_are_named(trial: Trial) -> Seen:
    """Look what the refusal of the wrong address names."""
    problems = trial.once(_batch).problems
    if not problems:
        return False, "what is no address is taken"
    fields = sorted({name for each in problems for name in each.fields})
    return "email" in fields, f"it names {', '.join(fields) or 'no property'}"


def traces_come_back(trial: Trial) -> Seen:
    """Look for the trace ids of the rows that were carried out."""
    rows = trial.once(_batch).rows
    if not rows:
        raise NotChecked("no row of the batch was carried out")
    told = sum(bool(row.get("objectWriteTraceId")) for row in rows)
    return told == len(rows), f"{told} of {len(rows)} rows have one"


def duplicates_are_named(trial: Trial) -> Seen:
    """Have a contact made with the address of the first one."""
    id, email, _ = trial.once(_first)
    answer = trial.make(CONTACTS.name, trial.contact(email=email_key(email)))
    named = [each.existing_id for each in answer.problems]
    return named == [id] and not answer.rows, f"{answer.words}; it names {named[0] if named and named[0] else 'none'}"


def taken_values_are_told(trial: Trial) -> Seen:
    """Have two contacts made that have the same value of a unique property."""
    unique = _unique(trial)
    first, second = trial.contact(), trial.contact()
    trial.one(CONTACTS.name, {**first, unique: first["lastname"]})
    answer = trial.make(CONTACTS.name, {**second, unique: first["lastname"]})
    told = bool(answer.problems) and all(each.taken for each in answer.problems)
    return told and not answer.rows, f"of the second with the same {unique}: {answer.words}"


def twice_in_a_batch(trial: Trial) -> Seen:
    """Change one contact by two rows."""
    id = trial.once(_first)[0]
    rows = [{"id": id, "properties": {"jobtitle": text}, "objectWriteTraceId": text} for text in ("One", "Two")]
    answer = trial.do(CONTACTS.name, "batch/update", rows)
    return answer.status == 400, f"it is answered with {answer.words}"


def upserts_fail_whole(trial: Trial) -> Seen:
    """Upsert two contacts, one of them with the address of the first one."""
    unique = _unique(trial)
    email = email_key(trial.once(_first)[1])
    rows = [trial.contact(), trial.contact(email=email)]
    answer = trial.upsert(CONTACTS.name, unique, *({**row, unique: row["lastname"]} for row in rows))
    return answer.status in (400, 409), f"of two rows, one of them in conflict: {answer.words}"


# --- the company ----------------------------------------------------------------------------------------


def nothing_is_told(trial: Trial) -> Seen:
    """Ask for the contacts of a company that has none yet."""
    firm = trial.once(_firm)
    body = {"inputs": [{"id": firm}]}
    answer = trial.answer(trial.api.associations(COMPANIES.name, CONTACTS.name, "read", body, ok=ANSWERED))
    named = any(each.not_found and firm in each.ids for each in answer.problems)
    return named, f"it is answered with {answer.words}"


def own_companies(trial: Trial) -> Seen:
    """Look which company came with the first contact by itself. It is none of ours, and stays."""
    id = trial.once(_first)[0]
    held = held_by(trial.api, CONTACTS.name, _TO_COMPANIES, [id])[id]
    if not held:
        raise NotChecked(f"no company came with the contact: the account is not set so, or not for {DOMAIN}")
    firm, types = next(iter(held.items()))
    domain = ((trial.api.one(COMPANIES.name, firm, ("domain",)) or {}).get("properties") or {}).get("domain")
    seen = f"company {firm} of {domain} came with the contact, and stays: if you did not have it before, delete it"
    return domain == DOMAIN and _TO_COMPANIES.main in types, seen


def association_touches(trial: Trial) -> Seen:
    """Compare the contact's date of modification before and after it was associated."""
    before, after, _ = trial.once(_associated)
    return before != after, f"the date was {before}, and is {after}"


def associations_at_once(trial: Trial) -> Seen:
    """Look whether the company is shown right after the contact was associated with it."""
    shown = trial.once(_associated)[2]
    return shown, f"the company {'is' if shown else 'is not'} shown with the contact at once"


def labels_add_up(trial: Trial) -> Seen:
    """Set two labels of the account, one after the other."""
    rows = trial.api.labels(CONTACTS.name, COMPANIES.name)
    labels = [(str(row["category"]), int(row["typeId"])) for row in rows if row.get("category") == "USER_DEFINED"]
    if len(labels) < 2:
        raise NotChecked("the account has no two labels of its own from contacts to companies")
    trial.once(_associated)
    id, firm = trial.once(_first)[0], trial.once(_firm)
    for label in labels[:2]:
        _associate(trial, id, firm, [label])
    trial.sleep(WAIT)
    held = held_by(trial.api, CONTACTS.name, _TO_COMPANIES, [id])[id].get(firm, {})
    hang = [label for label in labels[:2] if label in held]
    return len(hang) == 2, f"{len(hang)} of two labels hang there then"


# --- the recycling bin, and merges ----------------------------------------------------------------------


def bin_is_told(trial: Trial) -> Seen:
    """Read an archived contact by its id, with the bin and without."""
    id, _ = trial.once(_in_bin)
    body = {"properties": [], "inputs": [{"id": id}]}
    live, binned = (
        [row for row in trial.ask(CONTACTS.name, action, body).rows if str(row.get("id")) == id]
        for action in ("batch/read", "batch/read?archived=true")
    )
    words = ("is found without the bin" if live else "is not found without it", "is" if binned else "is not")
    return not live and bool(binned), f"it {words[0]}, and {words[1]} found in the bin"


def bin_frees_addresses(trial: Trial) -> Seen:
    """Have a contact made with the address of the archived one."""
    _, email = trial.once(_in_bin)
    answer = trial.make(CONTACTS.name, trial.contact(email=email))
    return len(answer.rows) == 1 and not answer.problems, f"it is answered with {answer.words}"


def merged_ids(trial: Trial) -> Seen:
    """Read which ids the contact lists that is left of a merge."""
    survivor, pair = trial.once(_merged)
    name = "hs_merged_object_ids"
    held = trial.values(survivor, name)[name]
    return {id for id, _ in pair} - {survivor} <= set(listed(held)), f"contact {survivor} lists {held}"


def merged_ids_resolve(trial: Trial) -> Seen:
    """Read the pair by the ids that it had."""
    survivor, pair = trial.once(_merged)
    body = {"properties": [], "inputs": [{"id": id} for id, _ in pair]}
    answer = trial.ask(CONTACTS.name, "batch/read", body)
    return {str(row.get("id")) for row in answer.rows} == {survivor} and not answer.problems, (
        f"{answer.words}, and {survivor} is what they became"
    )


def merged_read_alone(trial: Trial) -> Seen:
    """Read each of the pair alone by the id that it had."""
    survivor, pair = trial.once(_merged)
    rows = {id: trial.api.one(CONTACTS.name, id, ()) for id, _ in pair}
    led = [id for id, row in rows.items() if row is not None and str(row.get("id")) == survivor]
    return len(led) == len(pair), f"{len(led)} of {len(pair)} ids lead to {survivor}, which they became"


def other_emails(trial: Trial) -> Seen:
    """Look for the address that the contact of a merge has besides, and look it up by that."""
    survivor, pair = trial.once(_merged)
    held = trial.values(survivor, "email", "hs_additional_emails")
    lost = next((email for _, email in pair if email != held["email"]), "")
    body = {"idProperty": "email", "properties": ["email"], "inputs": [{"id": lost}]}
    rows = trial.ask(CONTACTS.name, "batch/read", body).rows
    found = [str(row.get("id")) for row in rows] == [survivor]
    shown = lost in listed(held["hs_additional_emails"])
    words = (f"{'is' if shown else 'is not'} among its further addresses", "is" if found else "is not")
    return found and shown, f"the other address {words[0]}, and it {words[1]} found by it"
