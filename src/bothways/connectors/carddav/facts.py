"""What CardDAV servers promise, in one place.

Written for RFC 6352 (CardDAV), RFC 6578 (sync-collection) and RFC 6764 (discovery). Facts marked [K] are
engineers' knowledge that no document promises: what depends on them stands here and nowhere else.
"""

from bothways.connectors.base import Capabilities

LIMITS = {"": (20, 1.0)}
"""Calls and seconds. No server tells a limit in advance; this is a pace that none of them minds [K]."""

BATCH_READ = 80
"""Cards per addressbook-multiget; 50 to 100 are safe everywhere [K]."""

BATCH_WRITE = 20
"""Cards per call of ``write``: CardDAV knows no batches, so this only bounds what one crash leaves open."""

CONCURRENCY = 4
"""Calls at a time [K]. Servers that look through the whole book for each new card gain most."""

MOST_BROKEN = 10
"""Cards of one reading that may each make the server's answer unreadable before the server is blamed."""

CAPABILITIES = Capabilities(
    batch_read=BATCH_READ,
    batch_write=BATCH_WRITE,
    concurrency=CONCURRENCY,
    index_lag=0.0,  # RFC 6578: the token stands for the state of the collection itself
    changes_carry_values=True,  # the cards themselves are read in each poll: a change report names places only
    baseline_carries_values=True,
    conditional_writes=True,  # If-Match and If-None-Match, RFC 6352, 6.3.2
    marker=True,  # the UID of a new card is made from the mark
    reports_deletes=True,  # 404 in the report, RFC 6578, 3.5; else each missing place is asked for
    answers_writes=True,  # an ETag says: stored as sent, RFC 6352, 6.3.2.3; else it is read back
    unique_create=False,  # unique is the UID alone, and no field of a contact
    finds_strongly=False,  # addressbook-query is too unevenly built to be trusted
    archives=False,  # DELETE is for good
    per_write=1,
    list_page=0,  # one report names all cards; they are read in batches
)
