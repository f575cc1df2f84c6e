"""Every call of HubSpot's API that we make or the stand-in knows: what is sent, and what is answered.

To add a call, add a row to the tuple of its topic; ``others`` has calls that the stand-in alone knows. ``source`` is a
page below https://developers.hubspot.com/docs or the title of one, with a mark: [S] HubSpot's description of its API,
[D] its documentation, [K] engineers' knowledge. The version in a page's address does not matter: the forms are those
of 2026-03 and 2026-09, and the older ones are the same unless a row says otherwise. Where the reference marks a list
as required which its own guides leave out, it is optional here: it stands for an empty one.
"""

from tests.fidelity import accounts, journals, others, records, setups
from tests.fidelity.form import Form

FORMS: tuple[Form, ...] = (
    *records.RECORDS,
    *others.PROPERTIES,
    *records.PROPERTIES,
    *records.ASSOCIATIONS,
    *others.ASSOCIATIONS,
    *others.WORDED,
    *accounts.LISTS,
    *others.LISTS,
    *accounts.ACCOUNT,
    *accounts.OAUTH,
    *accounts.WEBHOOKS,
    *setups.OWNERS,
    *setups.PIPELINES,
    *setups.SCHEMAS,
    *setups.RULES,
    *setups.LIMITS,
    *journals.JOURNAL,
)
"""Every call there is. The first row whose method and path fit is the one of a call."""
