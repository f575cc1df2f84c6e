"""What each call of the story is on the wire: method and path, in the words of every version of HubSpot's API."""

from collections.abc import Mapping

DATED = {
    "objects": "/crm/objects/{version}",
    "properties": "/crm/properties/{version}",
    "associations": "/crm/associations/{version}",
    "linked": "/crm/objects/{version}",
    "lists": "/crm/lists/{version}",
}
NUMBERED = {
    "objects": "/crm/v3/objects",
    "properties": "/crm/v3/properties",
    "associations": "/crm/v4/associations",
    "linked": "/crm/v4/objects",
    "lists": "/crm/v3/lists",
}
"""Before versions had dates; associations were in their fourth version, all others in their third."""

CALLS: Mapping[str, tuple[str, str]] = {
    "records.page": ("GET", "{objects}/{object}"),
    "records.read": ("GET", "{objects}/{object}/{id}"),
    "records.create": ("POST", "{objects}/{object}"),
    "records.update": ("PATCH", "{objects}/{object}/{id}"),
    "records.archive": ("DELETE", "{objects}/{object}/{id}"),
    "records.search": ("POST", "{objects}/{object}/search"),
    "records.merge": ("POST", "{objects}/{object}/merge"),
    "records.purge": ("POST", "{objects}/{object}/gdpr-delete"),
    "records.batch_read": ("POST", "{objects}/{object}/batch/read"),
    "records.batch_create": ("POST", "{objects}/{object}/batch/create"),
    "records.batch_update": ("POST", "{objects}/{object}/batch/update"),
    "records.batch_upsert": ("POST", "{objects}/{object}/batch/upsert"),
    "records.batch_archive": ("POST", "{objects}/{object}/batch/archive"),
    "properties.all": ("GET", "{properties}/{object}"),
    "properties.read": ("GET", "{properties}/{object}/{name}"),
    "properties.create": ("POST", "{properties}/{object}"),
    "properties.update": ("PATCH", "{properties}/{object}/{name}"),
    "properties.archive": ("DELETE", "{properties}/{object}/{name}"),
    "properties.batch_read": ("POST", "{properties}/{object}/batch/read"),
    "properties.batch_create": ("POST", "{properties}/{object}/batch/create"),
    "properties.batch_archive": ("POST", "{properties}/{object}/batch/archive"),
    "groups.all": ("GET", "{properties}/{object}/groups"),
    "groups.read": ("GET", "{properties}/{object}/groups/{name}"),
    "groups.create": ("POST", "{properties}/{object}/groups"),
    "groups.update": ("PATCH", "{properties}/{object}/groups/{name}"),
    "groups.archive": ("DELETE", "{properties}/{object}/groups/{name}"),
    "associations.page": ("GET", "{linked}/{object}/{id}/associations/{to}"),
    "associations.set": ("PUT", "{linked}/{object}/{id}/associations/{to}/{to_id}"),
    "associations.default": ("PUT", "{linked}/{object}/{id}/associations/default/{to}/{to_id}"),
    "associations.archive": ("DELETE", "{linked}/{object}/{id}/associations/{to}/{to_id}"),
    "associations.batch_read": ("POST", "{associations}/{object}/{to}/batch/read"),
    "associations.batch_create": ("POST", "{associations}/{object}/{to}/batch/create"),
    "associations.batch_default": ("POST", "{associations}/{object}/{to}/batch/associate/default"),
    "associations.batch_archive": ("POST", "{associations}/{object}/{to}/batch/archive"),
    "associations.batch_labels_archive": ("POST", "{associations}/{object}/{to}/batch/labels/archive"),
    "labels.all": ("GET", "{associations}/{object}/{to}/labels"),
    "labels.create": ("POST", "{associations}/{object}/{to}/labels"),
    "labels.update": ("PUT", "{associations}/{object}/{to}/labels"),
    "labels.remove": ("DELETE", "{associations}/{object}/{to}/labels/{id}"),
    "lists.search": ("POST", "{lists}/search"),
    "lists.create": ("POST", "{lists}"),
    "lists.some": ("GET", "{lists}"),
    "lists.read": ("GET", "{lists}/{id}"),
    "lists.named": ("GET", "{lists}/object-type-id/{type}/name/{name}"),
    "lists.rename": ("PUT", "{lists}/{id}/update-list-name"),
    "lists.remove": ("DELETE", "{lists}/{id}"),
    "lists.restore": ("PUT", "{lists}/{id}/restore"),
    "members.page": ("GET", "{lists}/{id}/memberships"),
    "members.by_time": ("GET", "{lists}/{id}/memberships/join-order"),
    "members.lists": ("GET", "{lists}/records/{type}/{id}/memberships"),
    "members.add": ("PUT", "{lists}/{id}/memberships/add"),
    "members.remove": ("PUT", "{lists}/{id}/memberships/remove"),
    "members.change": ("PUT", "{lists}/{id}/memberships/add-and-remove"),
    "members.add_from": ("PUT", "{lists}/{id}/memberships/add-from/{source}"),
    "members.clear": ("DELETE", "{lists}/{id}/memberships"),
    "sandbox": ("POST", "/_admin/{name}"),
}


def paths(version: str) -> Mapping[str, str]:
    """Return where the parts of the API are in a version: "2026-09", or "v3/v4"."""
    return NUMBERED if version == "v3/v4" else {name: path.format(version=version) for name, path in DATED.items()}
