"""Durable memory: feeds, links, shadows, keys, plans, the journal, holds and settings revisions."""
