"""What is taken from HubSpot's documentation, in one place.

Written for the versions of the API in ``paths`` (developers.hubspot.com). Facts marked [K] are engineers' knowledge
that its documentation does not promise: what depends on them stands here and nowhere else.
"""

from bothways.connectors.base import Capabilities
from bothways.connectors.hubspot.paths import CURRENT, path
from bothways.connectors.permissions import OAuth, Permission

ENDS = {
    "v3": (1_819_756_800.0, "2027-09"),
    "v4": (1_806_364_800.0, "2027-03-30"),
    "2026-03": (1_819_756_800.0, "2027-09"),
    "2026-09": (1_835_481_600.0, "2028-03"),
    "private apps": (1_819_756_800.0, "2027-09"),
}
"""When versions of the API, and the tokens of private apps, end: seconds, and the day or month that is told; of a month
its first day counts. Sources: changelogs "legacy APIs and legacy apps: what's going unsupported and when" and "legacy
private app creation sunset" (v3, v4, private apps), guide "versioning". [K] Those of dated versions: 18 months after
each came out, on 30 March and on 8 September 2026."""

BASE_URL = "https://api.hubapi.com"
"""The same for all regions."""

WEBHOOKS_VERSION = "v3"
"""Of the API of subscriptions, which public apps alone have."""

MOST_SUBSCRIPTIONS = 1000
"""Of one app."""

AT_ONCE = 10
"""Deliveries that HubSpot makes at a time, where nothing was set."""

JOURNAL, JOURNAL_WANTED = "journal", "journal subscriptions"
"""The limits of the webhooks journal: of reading it, and of its subscriptions."""

APART = frozenset({JOURNAL, JOURNAL_WANTED})
"""Limits whose calls count in no other, and not in those of the day."""

JOURNAL_SCOPES = (
    "developer.webhooks_journal.read",
    "developer.webhooks_journal.subscriptions.read",
    "developer.webhooks_journal.subscriptions.write",
)
"""What an app needs for itself to read the journal and to say what is to stand in it."""

LIMITS = {
    "": (100, 10.0),
    "search": (5, 1.0),
    "associations": (100, 10.0),
    JOURNAL: (100, 1.0),
    JOURNAL_WANTED: (50, 1.0),
}
"""Calls and seconds: what the smallest account may do; the answers' headers tell of more. Search has a
limit of its own for the whole account and sends no headers. That it counts in both is [K]. Calls about associations
have a limit of their own, too; those about the journal, [K] so many, are of an app, however many accounts have it."""

QUOTA = 250_000
"""Calls a day of the smallest account, by the midnight of its own time zone, which all of its private apps share; the
answers' headers tell of more, but for those of searches (usage guidelines, "rate limits"). Calls about associations
count in a quota of their own, which is as large at least: here they count in this one as well."""

BATCH = 100
"""Records per batch call, and rows per page of a listing."""

ASSOCIATIONS_READ, ASSOCIATIONS_CREATED, ASSOCIATIONS_ARCHIVED = 1000, 2000, 100
"""Inputs per batch call about associations."""

SEARCH_PAGE = 200
"""Rows per page of a search. Every page is a search of its own, so its end at 10,000 is never met."""

LONGEST_QUERY = 2000
"""Characters of a listing's query. Longer ones have been answered with 414; where that begins is [K]."""

INDEX_LAG = 120.0
"""[K] Seconds until a saved record is found by search, for certain. HubSpot says "a few moments"."""

OVERLAP = 180.0
"""Seconds that a search reaches back behind the last change processed: at least 1.5 x INDEX_LAG."""

LOOK_BACK = 1800.0
"""[K] Seconds that a search reaches back every ``LOOK_BACK_EVERY`` seconds, for what is indexed very late."""

LOOK_BACK_EVERY = 300.0

CONCURRENCY = 4
"""[K] Calls at a time that no account minds."""

LONGEST_TEXT = 65536
"""[K] Characters that a text property holds."""

SENSITIVE = "sensitive"
"""The kind of properties that are listed when asked for, and whose values a token sees by the scope SENSITIVE_READ of
their object (guide "Access and manage Sensitive Data"). [K] Without it they are passed over, as if there were none.
Those that are highly sensitive are never asked for."""

SENSITIVE_READ = "crm.objects.{}.sensitive.read.v2"

FORWARD_ONLY = "lifecyclestage"
"""A property whose value can only move forward through its options, unless it is cleared first. [K] HubSpot
answers with success then, and with the value that has stayed."""

MARKER = "bothways_key"
"""The name proposed for a unique property of our own, which makes exact recovery of creates possible."""

MOST_UNIQUE = 10
"""Properties with unique values that an account can make for one object (guide "Properties"). [K] That those which
HubSpot has by itself do not count among them."""

MERGED_IDS = "hs_merged_object_ids"
"""The ids that a record has absorbed. [K] separated by ";"."""

OTHER_EMAILS = "hs_additional_emails"
"""The further addresses of a contact, separated by ";". [K] a look-up by e-mail finds them as well."""

NOT_CARRIED_OUT = frozenset({423, 477})
"""[K] Statuses (locked, migrating) after which a write was surely not carried out. 429 is documented."""

NOT_SET_UP = frozenset({400, 404})
"""[K] Statuses by which a call about an object is refused that the account has not set up, such as leads."""

CAPABILITIES = Capabilities(
    batch_read=BATCH,
    batch_write=BATCH,
    concurrency=CONCURRENCY,
    index_lag=INDEX_LAG,
    clock_precision=0.001,
    changes_carry_values=False,
    baseline_carries_values=True,
    conditional_writes=False,
    marker=False,
    reports_deletes=False,
    reports_references=False,
    unique_create=True,
    finds_strongly=True,
    archives=True,
    list_page=BATCH,
)
"""What HubSpot can do. [K] Whether a record counts as modified when it is associated: nothing here relies on it."""

OBJECTS = ("contacts", "companies", "deals", "leads", "tickets", "products", "custom", "owners")
"""The names that scopes are for."""

OAUTH = OAuth(
    authorize="https://app.hubspot.com/oauth/authorize",
    server="base_url",
    token=path(CURRENT, "oauth", "token"),
    introspect=path(CURRENT, "oauth", "token", "introspect"),
    revoke=path(CURRENT, "oauth", "token", "revoke"),
    optional="optional_scope",
    itself="oauth",
    permissions=(
        Permission("oauth", "know which account it is", reads=OBJECTS),
        Permission("crm.objects.contacts.read", "read contacts", reads=("contacts",)),
        Permission("crm.objects.contacts.write", "add and change contacts", writes=("contacts",)),
        Permission("crm.schemas.contacts.read", "see which properties contacts have", reads=("contacts",)),
        Permission("crm.objects.companies.read", "read companies", reads=("companies",), needed=False),
        Permission("crm.objects.companies.write", "add and change companies", writes=("companies",), needed=False),
        Permission(
            "crm.schemas.companies.read", "see which properties companies have", reads=("companies",), needed=False
        ),
        Permission("crm.objects.deals.read", "read deals", reads=("deals",), needed=False),
        Permission("crm.objects.deals.write", "add and change deals", writes=("deals",), needed=False),
        Permission("crm.schemas.deals.read", "see which properties deals have", reads=("deals",), needed=False),
        Permission("crm.objects.leads.read", "read leads", reads=("leads",), needed=False),
        Permission("crm.objects.leads.write", "add and change leads", writes=("leads",), needed=False),
        Permission("tickets", "read, add and change tickets", reads=("tickets",), writes=("tickets",), needed=False),
        Permission(
            "e-commerce", "read, add and change products", reads=("products",), writes=("products",), needed=False
        ),
        Permission("crm.objects.custom.read", "read objects that you have made", reads=("custom",), needed=False),
        Permission(
            "crm.objects.custom.write", "add and change objects that you have made", writes=("custom",), needed=False
        ),
        Permission("crm.schemas.custom.read", "see which objects you have made", reads=("custom",), needed=False),
        Permission("crm.objects.owners.read", "read who your users are", reads=("owners",), needed=False),
        Permission("crm.lists.read", "see which records are in a list", needed=False),
    ),
    further=tuple(
        Permission(f"crm.schemas.{name}.write", f"make a property of our own for {words}", needed=False, makes=(name,))
        for name, words in (
            ("contacts", "contacts"),
            ("companies", "companies"),
            ("deals", "deals"),
            ("custom", "objects that you have made"),
        )
    ),
    never=(
        "delete records, unless you turn that on for a sync: they then go to the recycling bin",
        "send e-mails, enrol anybody in a workflow, or read messages and calls",
        "change properties, lists, pipelines, users or settings",
    ),
)
"""An app of HubSpot asks for the scopes that are set in it, and for no others: those needed here must be required
there, and the rest optional. Tickets and products have one scope each for all that is done with them; leads are
described by what may read them, and that of making a property of theirs is not told: a refusal names it. [K] That the
paths of version 2026-09 take the forms of RFC 6749, 7009 and 7662."""

PURPOSES = {
    **{each.scope: each.label for each in (*OAUTH.permissions, *OAUTH.further)},
    **{
        SENSITIVE_READ.format(name): f"read sensitive properties of {name}"
        for name in ("contacts", "companies", "deals", "custom")
    },
}
"""What each scope is for, in words: for whoever has not given it."""
