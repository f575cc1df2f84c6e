"""HubSpot and Ledger in memory with fields of every kind, and a draft of their contacts to edit.

Nothing here imports Django before ``bothways.service`` has prepared it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bothways.records import Field, FieldType, Option
from bothways.service import drafts
from bothways.service.connect import Schemas
from bothways.service.rights import Actor, Role
from bothways.service.views import DraftView
from bothways.service.workspace import Workspace, open_workspace
from tests.memory_app import Clock, MemoryApp

T = FieldType
STAGES = (Option("lead", "Lead"), Option("mql", "Qualified"), Option("customer", "Customer"))
HUBSPOT = (
    Field("email", T.EMAIL, "Email", meaning="email"),
    Field("firstname", label="First name", meaning="givenName"),
    Field("phone", T.PHONE, "Phone", meaning="telephone"),
    Field("createdate", T.DATETIME, "Create date", read_only=True),
    Field("lifecyclestage", T.CHOICE, "Lifecycle stage", options=STAGES),
    Field("score", T.NUMBER, "Score"),
    Field("optout", T.BOOLEAN, "Opted out"),
    Field("addresses", T.EMAIL, "All addresses", multi_valued=True),
    Field("companies", T.REFERENCE, "Company", refers_to="companies", multi_valued=True, primary_first=True),
)
LEDGER = (
    Field("Email", T.EMAIL, "E-mail", meaning="email"),
    Field("GivenName", label="Given name", meaning="givenName"),
    Field("Tel", T.PHONE, "Telephone", meaning="telephone"),
    Field("Since", T.DATETIME, "Client since"),
    Field("Stage", T.CHOICE, "Stage", options=(Option("L", "Lead"), Option("C", "Client"), Option("X", "Lost"))),
    Field("Limit", T.NUMBER, "Credit limit"),
    Field("NoMail", T.BOOLEAN, "No newsletter"),
    Field("Note", label="Note"),
    Field("Locked", label="Locked by", read_only=True),
    Field("Firm", T.REFERENCE, "Organisation", refers_to="firms", multi_valued=True, primary_first=True),
)
FIRM = (Field("name", label="Name", meaning="name"),)
FIRMS = """\
  firms:
    state: {state}
    objects: {{HubSpot: companies, Ledger: firms}}
    match: [{{HubSpot: name, Ledger: name}}]
"""
FILE = """\
version: 1
apps:
  HubSpot: {connector: many}
  Ledger: {connector: many}
syncs:
  contacts:
    objects: {HubSpot: contacts, Ledger: people}
"""
EMAIL = {"HubSpot": "email", "Ledger": "Email"}
NAME = {"HubSpot": "firstname", "Ledger": "GivenName"}
PHONE = {"HubSpot": "phone", "Ledger": "Tel"}
STAGE = {"HubSpot": "lifecyclestage", "Ledger": "Stage"}
SINCE = {"HubSpot": "createdate", "Ledger": "Since"}


class Drafting:
    """A draft of the contacts of HubSpot and Ledger, and the workspace in which it is edited."""

    def __init__(
        self,
        folder: Path,
        rows: Sequence[Mapping[str, Any]] | None = None,
        *,
        hubspot: Sequence[Field] = HUBSPOT,
        ledger: Sequence[Field] = LEDGER,
        firms: str = "",
    ) -> None:
        clock = Clock()
        self.hubspot = MemoryApp("HubSpot contacts", clock, fields=hubspot, object="contacts")
        self.ledger = MemoryApp("Ledger people", clock, fields=ledger, object="people")
        MemoryApp("HubSpot companies", clock, fields=FIRM, object="companies")
        MemoryApp("Ledger firms", clock, fields=FIRM, object="firms")
        (folder / "bothways.yaml").write_text(FILE + (FIRMS.format(state=firms) if firms else ""), encoding="utf-8")
        self.workspace = open_workspace(folder)
        self.workspace.clock = clock
        self.schemas: Schemas = {}
        self.id = drafts.edit(self.workspace, "contacts").id
        if rows is not None:
            self.set(fields=list(rows))

    def by(self, name: str = "Ana", role: Role = Role.EDITOR) -> Workspace:
        """Return the workspace as a request has it, in somebody's hands."""
        return replace(self.workspace, actor=Actor(name, role), opened={}, schemas=self.schemas)

    @property
    def draft(self) -> DraftView:
        """The draft as it is now."""
        return drafts.draft(self.workspace, self.id)

    @property
    def version(self) -> int:
        """The version of the draft."""
        return self.draft.version

    @property
    def rows(self) -> list[dict[str, Any]] | None:
        """The mappings that the draft names."""
        rows: list[dict[str, Any]] | None = self.draft.settings.get("fields")
        return rows

    def set(self, **parts: object) -> None:
        """Change parts of the draft."""
        drafts.change(self.workspace, self.id, self.version, **parts)
