"""When a sync runs: now, for a person; again and again, by its interval."""

from bothways import boot

boot.prepare()
