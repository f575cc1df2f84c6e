"""Checks what was asked and answered by the table of forms."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, unquote

import orjson
from jsonschema_rs import Draft202012Validator

from tests.fidelity.form import FAMILIES, NOT_YET, ORDERED, OURS, PARTS, REFUSALS, Form
from tests.fidelity.forms import FORMS
from tests.fidelity.shapes import ANY, Schema

Exchange = Mapping[str, Any]
"""One exchange as ``bothways.sandbox.hubspot.exchanges`` writes it."""

AGENT = "bothways"
"""What our connector calls itself."""

RATE, DAILY = "x-hubspot-ratelimit-", "x-hubspot-ratelimit-daily"
SENT = "sent"
"""How what is wrong with a request begins."""

LONGEST = 400
"""Characters of what is told of one problem."""

JSON, FORM = "application/json", "application/x-www-form-urlencoded"


class Checker:
    """Checks exchanges one after the other; ``met`` are the titles of the rows that our connector has met."""

    def __init__(self, forms: Sequence[Form] = FORMS) -> None:
        self.met: set[str] = set()
        self._forms = [(re.compile(_pattern(each)), each) for each in forms]
        self._multi: set[tuple[str, str, str]] = set()
        self._validators: dict[tuple[str, int], Draft202012Validator] = {}

    def problems(self, exchange: Exchange) -> list[str]:
        """Return what is wrong with an exchange."""
        form, _ = self._form_of(exchange)
        ours = exchange["headers"].get("user-agent") == AGENT
        answered = [
            f"answered {exchange['status']} to {_place(exchange, form)}: {each}"
            for each in self._answered(exchange, form)
        ]
        return (self.problems_sent(exchange) if ours else []) + answered

    def problems_sent(self, exchange: Exchange) -> list[str]:
        """Return what is wrong with a request of ours, whoever answers it."""
        form, parts = self._form_of(exchange)
        return [f"{SENT} {_place(exchange, form)}: {each}" for each in self._sent(exchange, form, parts)]

    def _form_of(self, exchange: Exchange) -> tuple[Form | None, dict[str, str]]:
        path = exchange["target"].partition("?")[0].removesuffix("/")
        for pattern, form in self._forms:
            if form.method == exchange["method"] and (match := pattern.fullmatch(path)):
                return form, {name: unquote(text) for name, text in match.groupdict().items() if text is not None}
        return None, {}

    def _sent(self, exchange: Exchange, form: Form | None, parts: Mapping[str, str]) -> Iterator[str]:
        """Yield what is wrong with a request of ours."""
        if form is None:
            yield "the table has no such call"
            return
        self.met.add(form.title)
        if form.unsent not in ("", NOT_YET):
            yield f"the table says that we never make this call: {form.unsent}"
        query = parse_qsl(exchange["target"].partition("?")[2], keep_blank_values=True)
        if len({name for name, _ in query}) < len(query):
            yield "a parameter twice"
        body, wrong = _body(exchange["body"], form)
        if wrong:
            yield wrong
            return
        whole = {"parts": parts, "query": dict(query), "headers": exchange["headers"]}
        problems = self._against((form.title, 0), _request(form), whole if body is None else {**whole, "body": body})
        if form.look and not problems:
            problems += form.look(body, exchange["body"])
        yield from problems
        if form.family == "objects" and form.path in _WRITES and not problems:
            yield from self._added(body, (exchange["headers"].get("host", ""), parts["object"]))
        if form.family == "properties" and exchange.get("status") == 200:
            self._learn(exchange, parts["object"])

    def _learn(self, exchange: Exchange, object: str) -> None:
        """Learn from a list of properties which of them hold several choices."""
        host = exchange["headers"].get("host", "")
        for each in exchange["answer"].get("results", ()) if isinstance(exchange["answer"], dict) else ():
            place = (host, object, each["name"])
            (self._multi.add if each["fieldType"] == "checkbox" else self._multi.discard)(place)

    def _added(self, body: Any, place: tuple[str, str]) -> Iterator[str]:
        """Yield the choices that would be added to what a record has, instead of taking its place."""
        for each in body["inputs"]:
            for name, value in each["properties"].items():
                if value.startswith(";") and (*place, name) in self._multi:
                    yield f'"{name}" begins with ";", which adds choices'

    # --- answers --------------------------------------------------------------------------------------

    def _answered(self, exchange: Exchange, form: Form | None) -> Iterator[str]:
        """Yield what is wrong with an answer."""
        status, ordered = exchange["status"], exchange["ordered"]
        if "garbage" in ordered or (status == 0 and ordered):
            return
        answers = {**REFUSALS, **(ORDERED if ordered else {})}
        answers |= {404: REFUSALS[400]} if form is None else form.answers
        if status not in answers:
            yield "nobody ordered this" if status in ORDERED or status == 0 else "not documented for this call"
            return
        expected, body = answers[status], exchange["answer"]
        kind = exchange["answer_headers"].get("Content-Type", "")
        if expected is None:
            if body is not None or kind:
                yield "a body, where there is none"
        elif expected is not ANY:
            if not kind.startswith(JSON):
                yield f'content of the type "{kind}"'
            yield from self._against((form.title if form else "", status), expected, body)
        yield from _told(exchange, form)

    def _against(self, key: tuple[str, int], expected: Schema, whole: Any) -> list[str]:
        """Return in words where something has another shape than is expected; ``key`` names that shape."""
        if key not in self._validators:
            self._validators[key] = Draft202012Validator(dict(expected), validate_formats=True)
        if self._validators[key].is_valid(whole):
            return []
        errors = self._validators[key].iter_errors(whole)
        return [f"{'.'.join(map(str, each.instance_path))}: {_short(each.message)}" for each in errors]


_WRITES = ("/{object}/batch/create", "/{object}/batch/update")


def _short(words: str) -> str:
    """Return words that begin with what was found and end with what is wrong with it, with less of the former."""
    return words if len(words) <= LONGEST else f"{words[: LONGEST // 2]} ... {words[-LONGEST // 2 :]}"


def _place(exchange: Exchange, form: Form | None) -> str:
    title = f" ({form.title})" if form else ""
    return f"{exchange['method']} {exchange['target']}{title}"


def _pattern(form: Form) -> str:
    start = "|".join(FAMILIES[form.family])
    return f"(?:{start})" + re.sub(r"\{(\w+)\}", lambda part: f"(?P<{part[1]}>{PARTS[part[1]]})", form.path)


def _body(text: str, form: Form) -> tuple[Any, str]:
    """Return what a body holds, None for none, and what is wrong with it."""
    if form.body is None:
        return None, "a body, where there is none" if text else ""
    if form.is_form:
        pairs = parse_qsl(text, keep_blank_values=True)
        return dict(pairs), "a parameter twice" if len({name for name, _ in pairs}) < len(pairs) else ""
    try:
        return orjson.loads(text), ""
    except orjson.JSONDecodeError:
        return None, "a body that is no JSON"


def _request(form: Form) -> Schema:
    """Return the shape of a whole request."""
    kind = {"const": FORM if form.is_form else JSON} if form.body is not None else {"not": ANY}
    headers = {
        "type": "object",
        "properties": {**form.headers, "content-type": kind},
        "required": [name for name, each in {**form.headers, "content-type": kind}.items() if "not" not in each],
    }
    query = {
        "type": "object",
        "properties": dict(form.query),
        "required": list(form.needed),
        "additionalProperties": form.any_query,
    }
    parts = {"type": "object", "properties": {"version": {"enum": list(OURS)}, **form.parts}}
    body = {} if form.body is None else {"body": form.body}
    return {
        "type": "object",
        "properties": {"parts": parts, "query": query, "headers": headers, **body},
        "required": ["parts", "query", "headers", *body],
    }


def _told(exchange: Exchange, form: Form | None) -> Iterator[str]:
    """Yield what is wrong with what an answer tells of limits (usage guidelines [D])."""
    told = {name.lower(): value for name, value in exchange["answer_headers"].items()}
    rates = {name: value for name, value in told.items() if name.startswith(RATE)}
    if any(not value.isdecimal() for value in rates.values()):
        yield "a limit that is no number"
    if rates and form is not None and not form.rate_told:
        yield "limits are told, though this call does not tell them"
    if exchange["oauth"] and any(name.startswith(DAILY) for name in rates):
        yield "the limit of the day is told to an app that was let in by OAuth"
    if rates and not {f"{RATE}max", f"{RATE}remaining", f"{RATE}interval-milliseconds"} <= rates.keys():
        yield "the limit is not told in full"
