"""Settings files of every kind, as plain data, for properties; and what two of them have in common but the places."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from hypothesis import strategies as st

from bothways.engine.filters import OPERATORS
from bothways.engine.keys import NORMAL_FORMS
from bothways.engine.spec import When
from bothways.records import CASES, CLEANERS
from bothways.service.document import SmallGroups

AMBIGUOUS = (
    "NO",
    "on",
    "off",
    "yes",
    "010",
    "1e3",
    "2026-01-31",
    "12:30",
    "null",
    "~",
    "true",
    "1.10",
    "0x1f",
    "=",
    "<<",
)
"""Texts that some reading of YAML takes for something else."""

WORDS = st.sampled_from(
    ("email", "name", "a.b", *AMBIGUOUS, "a: b", "#x", "- x", "?0", "? x", "&x", "*x", "!x", "{", "'", '"', "%")
)
PRINTABLE = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp"))
TEXTS = WORDS | st.text(PRINTABLE, min_size=1, max_size=12).filter(str.strip)
APPS = ("Anna", "Bert")
NUMBERS = st.integers(-(10**12), 10**12) | st.floats(allow_nan=False, allow_infinity=False)
SCALARS = TEXTS | NUMBERS | st.booleans()
EMPTY = st.just("keep") | st.just("clear")


def some(**values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Return mappings of any of these keys."""
    return st.fixed_dictionaries({}, optional=values)


CONDITIONS = st.builds(
    lambda field, operator, operand: {"field": field, operator: operand},
    TEXTS,
    st.sampled_from(sorted(OPERATORS)),
    SCALARS | st.lists(SCALARS, max_size=3),
)
FILTERS = st.recursive(
    CONDITIONS | st.builds(lambda name: {"list": name}, TEXTS),
    lambda inner: (
        st.builds(lambda kind, parts: {kind: parts}, st.sampled_from(("all", "any")), st.lists(inner, min_size=1))
        | st.builds(lambda part: {"not": part}, inner)
    ),
    max_leaves=5,
)
SENDS = st.just("all") | st.builds(lambda filter: {"filter": filter}, FILTERS)


@st.composite
def _match_rules(draw: st.DrawFn) -> dict[str, Any]:
    parts = draw(st.integers(1, 3))
    many = st.lists(TEXTS | st.lists(TEXTS, min_size=1, max_size=2), min_size=parts, max_size=parts)
    rule = {app: draw(many | TEXTS if parts == 1 else many) for app in APPS}
    forms = st.lists(st.sampled_from(sorted(NORMAL_FORMS)), min_size=parts, max_size=parts)
    return rule | draw(some(compare=forms))


MATCHES = st.sampled_from(("none", "as_hubspot")) | st.lists(st.just("usual") | _match_rules(), min_size=1, max_size=3)
TAGS = st.fixed_dictionaries({"field": TEXTS, "value": SCALARS})
CONSTANTS = st.builds(
    dict.__or__,
    st.fixed_dictionaries({"field": TEXTS, "value": SCALARS}),
    some(when=st.sampled_from([str(each) for each in When])),
)


WINNERS = st.sampled_from((*APPS, "newest", "ask"))


@st.composite
def _mappings(draw: st.DrawFn) -> dict[str, Any]:
    names = {app: draw(TEXTS) for app in APPS}
    usual = some(direction=st.sampled_from(("both", "to_Anna", "to_Bert")), enabled=st.booleans())
    when = some(when_empty=EMPTY) | st.sampled_from(({"only_when_empty": True}, {"only_on_create": True}))
    others = st.sampled_from(("hold", "leave_out")) | st.builds(
        lambda each: {"default": each}, some(Anna=TEXTS, Bert=TEXTS)
    )
    usual = st.builds(dict.__or__, usual, some(winner=WINNERS))
    paired = some(values=st.dictionaries(TEXTS, TEXTS, max_size=3), other=others)
    ways = st.lists(st.sampled_from(sorted(CLEANERS)), unique=True, max_size=3)
    clean = ways.filter(lambda names: sum(name in CASES for name in names) < 2).map(lambda names: {"clean": names})
    word = st.sampled_from(("opt_out", "opt_in"))
    consent = some(consent=word | st.fixed_dictionaries({"Anna": word, "Bert": word}))
    return names | draw(usual) | draw(st.tuples(when, paired | clean).map(lambda both: both[0] | both[1]) | consent)


@st.composite
def _associations(draw: st.DrawFn) -> dict[str, Any]:
    names = {app: draw(TEXTS) for app in APPS}
    ways = st.sampled_from(("both", "to_Anna", "to_Bert"))
    return names | draw(
        some(sync=TEXTS, direction=ways, enabled=st.booleans(), labels=st.dictionaries(TEXTS, TEXTS, max_size=3))
    )


SYNCS = st.builds(
    dict.__or__,
    st.just({"objects": {"Anna": "people", "Bert": "people"}}),
    some(
        state=st.sampled_from(("on", "off", "draft")),
        send=some(Anna=SENDS, Bert=SENDS | st.just("none")),
        when_leaving_filter=st.sampled_from(("freeze", "keep", "unlink"))
        | st.builds(lambda tags: {"tag": tags}, some(Anna=TAGS, Bert=TAGS).filter(bool)),
        require=st.sampled_from(([], ["email"])),
        start=st.sampled_from(("all", "changes_from_now")),
        match=MATCHES,
        deletes=some(
            Anna=st.just("keep"),
            Bert=st.sampled_from(("keep", "archive", "delete")) | st.builds(lambda tag: {"tag": tag}, TAGS),
            grace=st.sampled_from(("0s", "3d", "1.5h", 90)),
        ),
        small_groups=st.sampled_from([str(each) for each in SmallGroups]),
        conflicts=some(
            default_app=st.sampled_from(APPS),
            when_empty=EMPTY,
            default=st.sampled_from(("newest", "ask")),
            per_field=st.dictionaries(TEXTS, WINNERS, max_size=3),
        ),
        fields=st.lists(_mappings(), max_size=3),
        associations=st.lists(_associations(), max_size=2),
        set=some(Anna=st.lists(CONSTANTS, max_size=2), Bert=st.lists(CONSTANTS, max_size=2)),
        guards=some(
            first_run=st.integers(0, 10**6),
            max_change=st.sampled_from(("10%", "12.3456789%", "0.00001%", 100, 7.5)),
            max_emptied=st.integers(0, 10**6),
            max_deletes=st.integers(0, 10**6),
        ),
        schedule=some(
            every=st.sampled_from(("60s", "5m", "1.5h", "31d", 90, 10)),
            webhooks=st.booleans(),
            burst_window=st.sampled_from(("0.5s", "0s", 2, "1m")),
            quiet_hours=st.builds(
                dict.__or__,
                st.sampled_from(({"from": "22:00", "to": "06:00"}, {"from": "9:05", "to": "00:00"})),
                some(time_zone=st.sampled_from(("Europe/Berlin", "UTC", "America/St_Johns"))),
            ),
        ),
        proof=some(
            every=st.sampled_from(("1d", "24h", "31d", "never", 86_400)),
            at=st.sampled_from(("03:00", "23:59")),
            repair=st.integers(0, 1000),
        ),
    ),
)
ANNA = st.builds(
    lambda auth, more: {"connector": "locked", "url": "https://anna.example/", "auth": auth, **more},
    st.fixed_dictionaries(
        {
            "user": TEXTS | st.just({"env": "ANNA"}),
            "password": st.sampled_from(({"env": "SECRET"}, {"file": "/run/secrets/anna"})),
        }
    ),
    some(
        port=st.sampled_from((443, "8443")),
        country=st.sampled_from(("GB", "NO")),
        limits=some(reserve=st.sampled_from(("20%", "12.3456789%", "0.00001%", 0, 7.5, 95))),
    ),
)
SMTP = st.builds(
    dict.__or__,
    st.fixed_dictionaries({"host": st.sampled_from(("smtp.example", "10.0.0.1"))}, optional={"port": st.just(2525)}),
    some(security=st.sampled_from(("starttls", "tls", "none")))
    | st.builds(
        lambda user, place, more: {"user": user, "password": place, **more},
        TEXTS,
        st.sampled_from(({"env": "SMTP"}, {"file": "/run/secrets/smtp"})),
        some(security=st.sampled_from(("starttls", "tls"))),
    ),
)
ALERTS = some(
    mail=st.fixed_dictionaries(
        {
            "to": st.lists(st.sampled_from(("ops@example.com", "o'neil+on.call@localhost")), min_size=1, max_size=2),
            "from": st.just("bothways@example.com"),
            "smtp": SMTP,
        }
    ),
    webhook=st.fixed_dictionaries(
        {"url": st.sampled_from(("https://hooks.example/a?b=c", {"env": "HOOK"}))},
        optional={"secret": st.sampled_from(({"env": "SIGNED"}, {"file": "signed"}))},
    ),
)
DOCUMENTS = st.builds(
    lambda anna, sync, more: {
        "version": 1,
        **more,
        "apps": {"Anna": anna, "Bert": {"connector": "memory"}},
        "syncs": {"people": sync},
    },
    ANNA,
    SYNCS,
    some(
        revision=st.integers(0, 10**9),
        allow_hosts=st.lists(st.sampled_from(("dav.example", "10.0.0.1")), unique=True),
        alerts=ALERTS,
        history=some(keep=st.sampled_from(("forever", "90d", "730d", "12345.678d", 7_776_000.5))),
        public_url=st.sampled_from(("https://sync.example.com", "http://localhost:8080/bothways/")),
        database=st.sampled_from(({"env": "URL"}, "sqlite:///srv/ledger.db", "postgresql://db.example/ledger")),
    ),
)
"""Whole settings files as plain data; reading accepts each of them."""


def without_places(data: Any) -> Any:
    """Return a settings document as plain data without what only says where it stands in the file."""
    if is_dataclass(data) and not isinstance(data, type):
        named = [each.name for each in fields(data) if not each.name.endswith(("place", "places"))]
        return {name: without_places(getattr(data, name)) for name in named}
    if isinstance(data, Mapping):
        return {key: without_places(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [without_places(each) for each in data]
    return data
