"""Synthetic people as two apps would hold them: contacts for HubSpot, cards for an address book."""

from bothways.sandbox.people.build import Book, build

__all__ = ["Book", "build"]
