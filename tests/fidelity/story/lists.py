"""Lists, and who is on them."""

from typing import Any

from tests.fidelity.story.steps import pull, step


def new_list(name: str, type: str = "MANUAL") -> dict[str, Any]:
    return {"name": name, "objectTypeId": "0-1", "processingType": type}


LISTS = [
    step("lists.create", body=new_list("Guests"), keep={"list": "list.listId"}, sees={"list.size": 0}),
    step("lists.create", body=new_list("guests"), status=400, sees={"subCategory": "ILS.DUPLICATE_LIST_NAMES"}),
    step("lists.create", body=new_list("Press"), keep={"press": "list.listId"}),
    step(
        "members.add",
        id="$list",
        body=["$a", "$b", "77"],
        sees={"recordsIdsAdded.1": "$b", "recordIdsMissing.0": "77", "recordIdsRemoved.0": None},
    ),
    step("members.add", id="$list", body=["$b"], sees={"recordsIdsAdded.0": None}),
    pull("advance", seconds=60.0),
    step(
        "members.change",
        id="$list",
        body={"recordIdsToAdd": ["$ann"], "recordIdsToRemove": ["$a", "$c"]},
        sees={"recordsIdsAdded.0": "$ann", "recordIdsRemoved.0": "$a", "recordIdsRemoved.1": None},
    ),
    step(
        "members.page",
        id="$list",
        query={"limit": 1},
        keep={"more": "paging.next.after"},
        sees={"total": 2, "results.0.recordId": "$ann"},
    ),
    step("members.page", id="$list", query={"limit": 1, "after": "$more"}, sees={"results.0.recordId": "$b"}),
    step("members.page", id="$list", query={"limit": 251}, status=400),
    step("members.page", id="$list", query={"before": "$more"}, status=400),
    step("lists.search", body={"offset": 0, "count": 0}, status=400),
    step("members.by_time", id="$list", sees={"results.0.recordId": "$b", "results.1.recordId": "$ann"}),
    step("members.add_from", id="$press", source="$list", status=204),
    step("members.lists", type="0-1", id="$ann", sees={"total": 2, "results.1.listId": "$press"}),
    step("members.remove", id="$press", body=["$ann"], sees={"recordIdsRemoved.0": "$ann"}),
    step("lists.read", id="$press", sees={"list.size": 1, "list.name": "Press"}),
    step("members.clear", id="$press", status=204),
    step("lists.rename", id="$press", query={"listName": "Media"}, sees={"updatedList.name": "Media"}),
    step("lists.named", type="0-1", name="MEDIA", sees={"list.listId": "$press", "list.size": 0}),
    step(
        "lists.some", query={"listIds": ["$list", "$press", "77"]}, sees={"lists.1.listId": "$press", "lists.2": None}
    ),
    step(
        "lists.search",
        body={"query": "gue", "count": 10, "offset": 0, "additionalProperties": ["hs_list_size"]},
        sees={"total": 1, "lists.0.listId": "$list", "lists.0.additionalProperties.hs_list_size": "2"},
    ),
    step("lists.remove", id="$list", status=204),
    step("lists.read", id="$list", status=404),
    step("lists.restore", id="$list", status=204),
    step("lists.read", id="$list", sees={"list.size": 2}),
    step(
        "sandbox",
        name="set_list",
        body={"object": "contacts", "title": "Rule", "ids": [], "dynamic": True},
        keep={"rule": "result"},
    ),
    step("members.add", id="$rule", body=["$a"], status=400),
]
