"""One story of an account, told as data, so that every client of HubSpot can tell it."""

from tests.fidelity.story.associations import ASSOCIATIONS
from tests.fidelity.story.lists import LISTS
from tests.fidelity.story.office import OFFICE
from tests.fidelity.story.records import BATCHES, ENDINGS, ONE_BY_ONE, REFUSALS
from tests.fidelity.story.schema import SCHEMA
from tests.fidelity.story.search import SEARCH
from tests.fidelity.story.steps import NOON, Step

__all__ = ["NOON", "STORY", "Step"]

STORY: list[Step] = [
    *SCHEMA,
    *ONE_BY_ONE,
    *BATCHES,
    *SEARCH,
    *ASSOCIATIONS,
    *LISTS,
    *OFFICE,
    *ENDINGS,
    *REFUSALS,
]
