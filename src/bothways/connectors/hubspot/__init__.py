"""HubSpot CRM: contacts and companies."""

from bothways.connectors.hubspot.connector import HubSpot

__all__ = ["HubSpot"]
