"""The fewest calls that a run can do with, by the table in the HubSpot connector's page.

A call lists, reads, looks up or writes at most a hundred records; a search shows at most two hundred.
"""

from math import ceil

from bench.accounts import NAMES, Mix

BATCH, SEARCH_PAGE = 100, 200
Calls = dict[str, int]


def initial(mix: Mix) -> Calls:
    """List both accounts, look up what would be created, create it, and write the west's other job titles."""
    pages, alone = ceil(mix.records / BATCH), ceil(mix.alone / BATCH)
    east, west = NAMES
    return {east: pages + 2 * alone, west: pages + 2 * alone + ceil(mix.differing / BATCH)}


def unchanged() -> Calls:
    """Search each account once."""
    return dict.fromkeys(NAMES, 1)


def changed(count: int) -> Calls:
    """Search both; read what changed in the east and its partners in the west; write these."""
    east, west = NAMES
    return {east: max(ceil(count / SEARCH_PAGE), 1) + ceil(count / BATCH), west: 1 + 2 * ceil(count / BATCH)}
