"""What HubSpot's documentation says and nobody here has seen on an account, as data; and the form of such facts.

What it does not promise stands in ``unverified``, with the rest.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fact:
    """One of them: what it says, where our code goes by it, what happens if it is wrong, and how a person checks it."""

    id: str
    says: str
    where: str
    wrong: str
    by_hand: str


DOCUMENTED = (
    Fact(
        "association-types",
        "Contacts belong to companies by the types 279 and 1, deals by 341 and 5, tickets by 339 and 26, the second of "
        'each "Primary"; to contacts deals by 3, and tickets by 16.',
        "objects.REFERENCES",
        "A type that there is none of is refused. The wrong one of a pair would make another company the primary one.",
        'GET the labels between contacts and companies: type 1 must have the label "Primary", and 279 none.',
    ),
    Fact(
        "limits-told",
        "Answers tell the limits of ten seconds and of the day, and what is left of them, in headers.",
        "problems.limit_of",
        "Safe: without them Bothways keeps to the limits of the smallest account.",
        "Look at the headers X-HubSpot-RateLimit-Max and X-HubSpot-RateLimit-Daily of any answer but a search's.",
    ),
    Fact(
        "rows-are-reported",
        "A batch whose inputs all have trace ids is carried out but for the rows that it refuses, which it names.",
        "writing._rows",
        "Safe: a batch that is refused as a whole is halved until the rows at fault stand alone, which costs calls.",
        "POST three contacts with objectWriteTraceId to batch/create, one with a wrong address: it must answer 207.",
    ),
    Fact(
        "duplicates-are-named",
        "A contact whose address another one has is refused with that one's id.",
        "problems._EXISTING",
        "Safe: the create is refused without a name, and is an issue instead of a link.",
        'Make two contacts with one address over the API, and look for "Existing ID" in the answer.',
    ),
    Fact(
        "blank-clears",
        'An empty text ("") clears a property.',
        "values.to_wire",
        "Seen at the next proof: a value that was cleared in the other app is still there. Cleared values are only "
        "sent where you allow it.",
        'PATCH a text property of a contact to "", and look at the contact.',
    ),
    Fact(
        "semicolon-adds",
        'Choices that begin with ";" are added to those that are set; without it they replace them.',
        "values.joined",
        "Safe as long as choices without it replace: Bothways never sends one that begins so.",
        'PATCH a property with checkboxes to one option, then to ";" and another one.',
    ),
    Fact(
        "stage-goes-back",
        "A lifecycle stage that was cleared can be set to any stage.",
        "writing._done",
        "Safe: Bothways does not do that by itself; the advice that it gives would be wrong.",
        'PATCH lifecyclestage of a contact to "", and then to an earlier stage.',
    ),
    Fact(
        "bin-is-told",
        "A record in the recycling bin is not found by its id, unless the bin is asked: then it is.",
        "reading._read_batch",
        "A deleted record would be taken for one that never was; what follows is the same.",
        "Delete a contact, and POST its id to batch/read, with ?archived=true and without.",
    ),
    Fact(
        "merged-read-alone",
        "Read alone by the id of a record that was merged, HubSpot answers with the record that it became.",
        "reading._read_one",
        "Safe as long as a batch answers so. Else the record is taken for deleted: its partner follows only if deletes "
        "are carried over, after the grace, and can be restored in most apps.",
        "Merge two contacts, and GET each by its old id.",
    ),
)
