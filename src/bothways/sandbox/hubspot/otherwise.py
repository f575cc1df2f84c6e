"""Ways in which HubSpot may behave other than its documentation and those who know it have it: switches for tests."""

from collections.abc import Iterable

OTHERWISE = {
    "search-apart": "a search counts in its own limit alone",
    "sensitive-shown": "properties with sensitive data are in the list unasked",
    "keeps-case": "addresses keep their capitals",
    "short-texts": "a text holds a thousand characters",
    "blank-is-nothing": "an empty text changes nothing",
    "stage-goes-back": "a lifecycle stage goes back as it goes forward",
    "stage-is-stuck": "a lifecycle stage that was cleared only goes forward all the same",
    "semicolon-replaces": 'choices that begin with ";" replace those that are set',
    "writes-by-api": "histories say API of what programs wrote",
    "bad-values-unnamed": "the refusal of a value does not name its property",
    "conflicts-unnumbered": "the refusal of an address that is taken does not name who has it",
    "twice-is-last": "of a record that stands in a batch twice, the last row is carried out",
    "upsert-by-row": "an upsert reports the rows that it refuses",
    "silent-about-none": "a record that is associated with nothing is passed over in silence",
    "bin-is-shut": "batches find no archived record",
    "bin-keeps-addresses": "an archived contact keeps its address",
    "own-company-elsewhere": "the company that comes with a new contact by itself has another domain",
    "stages-apart": "stages are not the options of a property",
    "lead-types-differ": "the types of the associations of leads have other numbers",
    "merged-by-comma": 'the ids of merged records are parted by ","',
    "merged-ids-end": "batches do not find a record by an id that was merged",
    "gone-properties-shown": "a property that there is none of is shown as empty",
    "listed-backwards": "the rows of a page of the listing begin with the latest",
    "sort-passed-over": "a search by ids comes in an order of its own",
    "types-differ": "the label of the primary company of a contact stands at the other type",
    "custom-types-labelled": "every type of the associations of custom objects has a label",
    "others-not-found": "contacts are not found by their further addresses",
    "reads-late": "batches and listings show what a record held some seconds ago",
    "associations-late": "what records are associated with is shown some seconds later",
    "merged-alone-end": "read alone, a record is not found by an id that was merged",
    "taken-by-other-code": "a unique value that another record has is refused by a code of its own",
    "list-sizes-stay": "the size of a list stays when nobody is in it any more",
}
"""Every switch, and how it is then."""

LATE = 5_000
"""Milliseconds after which is shown what some of the switches hold back."""


def known(names: Iterable[str]) -> frozenset[str]:
    """Return switches; raise ValueError for one that there is none of."""
    found = frozenset(names)
    if unknown := sorted(found - OTHERWISE.keys()):
        raise ValueError(f"there is no switch {unknown[0]}; there are {', '.join(OTHERWISE)}")
    return found
