"""All tables. Settings are used through the ORM; the hot ones are written by raw SQL in this package.

Times in the hot tables are seconds since 1970 (UTC), as double precision. Values are JSON text.
"""

from bothways.ledger.models.access import Access, Visit
from bothways.ledger.models.base import Base, Turns, new_mark
from bothways.ledger.models.core import (
    ACTIVE,
    Apart,
    Connection,
    Due,
    Feed,
    Hold,
    Journal,
    Key,
    Link,
    Noted,
    Plan,
    PlanAction,
    Revision,
    Run,
    Seen,
    Shadow,
    Sync,
    Workspace,
)
from bothways.ledger.models.drafts import Draft
from bothways.ledger.models.halts import Halt
from bothways.ledger.models.history import Pruned
from bothways.ledger.models.issues import Ignored, Mend, Mended
from bothways.ledger.models.people import Account, Answered, Deed, Identity, OneTimeLink, RecoveryCode, Session, Token
from bothways.ledger.models.service import (
    OPEN,
    Alert,
    Allowance,
    Chronicle,
    Hinted,
    Proof,
    Request,
    Subscription,
    Trouble,
    Webhooks,
    Worker,
)
from bothways.ledger.models.tallies import Called, Delay

__all__ = [
    "ACTIVE",
    "OPEN",
    "Access",
    "Account",
    "Alert",
    "Allowance",
    "Answered",
    "Apart",
    "Base",
    "Called",
    "Chronicle",
    "Connection",
    "Deed",
    "Delay",
    "Draft",
    "Due",
    "Feed",
    "Halt",
    "Hinted",
    "Hold",
    "Identity",
    "Ignored",
    "Journal",
    "Key",
    "Link",
    "Mend",
    "Mended",
    "Noted",
    "OneTimeLink",
    "Plan",
    "PlanAction",
    "Proof",
    "Pruned",
    "RecoveryCode",
    "Request",
    "Revision",
    "Run",
    "Seen",
    "Session",
    "Shadow",
    "Subscription",
    "Sync",
    "Token",
    "Trouble",
    "Turns",
    "Visit",
    "Webhooks",
    "Worker",
    "Workspace",
    "new_mark",
]
