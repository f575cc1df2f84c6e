"""Who could be the partner of a record that has none: looked for by a person who links the two by hand."""

from bothways.engine.sides import SIDES
from bothways.errors import LinkedAlready
from bothways.service.database import on_database
from bothways.service.describing import describe
from bothways.service.records import find, search_alone
from bothways.service.rights import Role, for_role
from bothways.service.views import PartnersView
from bothways.service.workspace import Workspace


@on_database
@for_role(Role.VIEWER)
def partners(workspace: Workspace, name: str, record: str, text: str | None = None, *, size: int = 20) -> PartnersView:
    """Return a record without a partner, and those of the other app that have none either and are called like ``text``.

    None: like the record itself. Raises UnknownRecord, SeveralRecords, LinkedAlready.
    """
    sync, found = find(workspace, name, record)
    document, ids = workspace.sync(name), found.ids
    side = next(side for side in SIDES if ids[side])
    if found.link is not None:
        partner = found.link.on(side.other) or "a record that is being created"
        raise LinkedAlready(app=document.apps[side], record=str(ids[side]), partner=partner, name=name)
    wanted = found.name if text is None else text
    hits = search_alone(sync, side.other, wanted, size + 1)
    views = describe(sync, document, [found, *hits[:size]], workspace.clock())
    return PartnersView(views[0], document.apps[side.other], wanted, tuple(views[1:]), len(hits) > size)
