"""HubSpot CRM: contacts, companies, deals, leads, tickets, products and objects that an account has made.

By version 2026-09 of its API, by 2026-03, or by its numbered paths.

Access: a service key, or the token of an existing private app or of one made as a project for this account, sent as
Bearer; they look alike. It needs the scopes crm.objects.contacts.read and .write, crm.schemas.contacts.read, and the
same for companies, deals and custom objects, as far as they are synced; crm.objects.leads.read and .write for leads,
tickets for tickets, e-commerce for products, and crm.objects.owners.read for owners; crm.schemas.contacts.write and so
on while ``marker_property`` is made by us, by OAuth asked for then alone, and crm.objects.contacts.sensitive.read.v2
and so on to read sensitive properties, which are never written. An association needs the scopes of both of its
objects. Or OAuth, by an app of one's own at HubSpot, whose client id and secret stand under auth: oauth:
(``facts.OAUTH`` has its scopes): 1 sign in when somebody signs in, and 1 introspect should the tokens come without
their scopes; 1 refresh every half an hour, 1 revoke at the end.

No object needs ``marker_property``, and deals, which nothing else identifies, do not either: a create of unknown
outcome is found again among what came since, by its values. Where it is set, no record of an object that lacks that
property is created, and ``app check`` says so; it is made on request (``marking``), and no field to be mapped.

What administrators demand of records is obeyed by what refuses them: values that break the rule of a property in every
version, records that lack what a rule wants from 2026-09 on. The first are read with the fields, and told.

Changes are found by searching for what was modified since the largest modification date that was processed,
never since a time by any clock, and reaching back, because search lags behind: ``facts.OVERLAP`` seconds in
every poll, ``facts.LOOK_BACK`` seconds every now and then. Pages of a search go on by record id, each page as
a search of its own: dates are shared by thousands of records, and a search ends at 10,000. Search shows
copies, so that its rows are ids to be read. Deletes are seen when a record is read by id: by the sweep of ids,
or when it is about to be written. A merge is seen when the surviving record is read. The sweep also reads
what has another modification date than when it was last read.

The smallest number of calls that does it, where ``pages(n, size) = ceil(n / size)``:

====================================  ==================================================================
first listing of n records            max(1, pages(n, 100)) list
the same, many properties             and pages(n, 100) read: beyond ``facts.LONGEST_QUERY`` characters the
                                      address of a listing would be refused
poll without changes                  1 search
poll with n changes                   pages(n, 200) search + pages(n, 100) read
poll that looks back at n rows        max(1, pages(n, 200)) search
sweep of n records                    max(1, pages(n, 100)) list
n reads, some of them deleted         pages(n, 100) read, and 1 read archived per batch with deleted ones,
                                      and 1 read one for each that is not among the archived either
n updates, n deletions                pages(n, 100) update, pages(n, 100) archive
n creates with look-ups               pages(n, 100) find + pages(n, 100) create
who else writes                       1 search + 1 read histories, when a sync is turned on
schema, count, check                  1 properties, 1 rules, 1 sensitive per object (2 where any property is sensitive)
                                      and 1 associations labels per kind, 1 count, 1 account; 1 pipelines where an
                                      object has several of them, or its properties tell none
objects that there are                1 schemas, at most every ``customs.KEPT`` seconds
first use of an object of the         1 schemas and 1 associations labels per kind that it is associated with
account, and its schema besides
n owners listed, counted or swept     max(1, pages(n, 500)) owners; as many for reading more than a few of them, and as
                                      many more where some are archived; of one or two 1 owner each, or 2
stage refused                         1 pipelines, and 1 read where the record's pipeline was not written with it
value refused                         1 rules, at most every ``rules.KEPT`` seconds, and 1 properties once
what is nearly used up                2 limits, when a person has the app checked
a property of our own for n objects   n properties to look; 3n properties and n make property to make it
histories of n records                pages(n, 50) read histories, where the newest wins or somebody fights
journal, every few seconds            1 journal, and 2 for each entry: journal, journal file; they count apart
associations of n records read        pages(n, 100) associations read per kind, beside what lists or reads them
associations of n records written     pages(a, 2000) associations create for a added, pages(g, 100) associations archive
                                      for g records that lose some, in every batch of 100; and 1 associations read per
                                      kind and batch; those of new records go with their create
labels of n associations taken away   pages(n, 100) associations labels archive; labels that come go with a create
the same, with anything taken away,   1 associations read per kind and batch before
a primary one moved, or any label
label that hangs on nothing read      1 associations labels per kind and poll
====================================  ==================================================================

Rows that a search reaches back to are shown again, and not read again if their dates say that they were. A
poll looks back at the rows of the last ``facts.OVERLAP`` seconds before the last change until that time has
passed without another, and every ``facts.LOOK_BACK_EVERY`` seconds at those of ``facts.LOOK_BACK``, until one
poll so long after the last change has done so. Fewer than 200 rows make no poll longer.

A contact tells its companies, a deal, a ticket and a lead their companies and contacts, and an object of the account
what its schema says: fields with ids, the primary one first. A lead is made with its contact or not at all. Whether a
record counts as modified when it is associated is not promised: the sweep reads every record where associations are
synced. The labels of an account, and those that HubSpot has by itself, are fields with ids as well. An association is
not taken away while a label hangs on it that does not go with it. That labels which are sent are added to those that
hang there is not promised: what hangs there is sent as well.

Limits: calls in ten seconds, searches in one, and calls a day (usage guidelines). The first and the last are told by
the answers' headers, but for those of searches. The day ends at midnight in the time zone of the account, which its
details tell, and belongs to all private apps of the account. A 429 names its limit: after DAILY nothing is asked until
the next day, and at most for an hour, should that begin at another time than we think.

HubSpot cannot write on a condition: an edit made between our reading and writing a record is overwritten,
and can be seen in the history of the property. Whose change is the newest, and which program fights over a property, is
told by that history. It is read only for the records in which this has a say.

Webhooks, where they are wanted: an app of the same account sends them, a private app or one made as a project, since
service keys have none. It is given our address, which must be reached from outside by https, and subscriptions:
creation, deletion, merge, restore and associationChange of each object that is synced, privacyDeletion of contacts, and
propertyChange of each property that is; as ``contact.creation`` or as ``object.creation``, both are understood, of
objects without a word of their own the second alone. Its client secret is ``webhook_secret`` under auth. Without that
every delivery is refused, and so is one whose signature (version 3) is wrong, or whose time is more than five minutes
from ours. HubSpot signs its own address: a proxy in between must leave scheme, host, path and query as they were
called. A delivery has at most a hundred events, is sent again for up to a day if it is not answered within five
seconds, and comes twice, late, out of order or not at all: so it only says which records are to be read again, both
ends of an association and all records of a merge among them. What a property became stands in it, and is not believed.

Of a public app, ``webhook_app_id``, the subscriptions and their address are kept by us, over its owner's API (version
3) with ``developer_key`` under auth: 1 webhook settings and 1 webhook subscriptions per look, and 1 call for each
change. That key goes in the address, as HubSpot wants it. Other apps have no such API.

The webhooks journal is read by connections that people let in by OAuth, if the app may have a token for itself (client
credentials) with ``facts.JOURNAL_SCOPES``; there is no setting for it. Of each account the "local" journal is read, one
entry after the other: an entry is the address of a file, fetched without any token, whose events name records to be
read again. It tells of what was subscribed to, kept by us: OBJECT and ASSOCIATION of each kind that is synced, with the
properties that are, and GDPR_PRIVACY_DELETION of contacts: 1 journal subscriptions when this begins, when the settings
change and once a day, 1 call for each change, and 1 sign in itself every half an hour. Its limits are apart from all
others and those of the app: 100 calls a second, 50 for subscriptions. How many subscriptions there may be is not said.
"""

from bothways.connectors.hubspot.connector import HubSpot

__all__ = ["HubSpot"]
