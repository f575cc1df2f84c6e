"""Address books on CardDAV servers."""

from bothways.connectors.carddav.connector import CardDav

__all__ = ["CardDav"]
