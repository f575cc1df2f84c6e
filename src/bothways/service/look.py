"""How the pages look to somebody: as the system that they are shown on, or always light, or always dark."""

from bothways.errors import UnknownLook
from bothways.ledger.models import Account
from bothways.service.accounts import own
from bothways.service.database import on_database
from bothways.service.rights import Role, for_role
from bothways.service.workspace import Workspace

LOOKS = ("", "light", "dark")
"""What can be chosen; "" is the look of the system."""


@on_database
@for_role(Role.VIEWER)
def set_look(workspace: Workspace, look: str) -> None:
    """Choose the look of the pages for who is acting; raise UnknownLook."""
    if look not in LOOKS:
        raise UnknownLook(name=look, looks=", ".join(LOOKS[1:]))
    Account.objects.filter(pk=own(workspace).pk).update(look=look)
