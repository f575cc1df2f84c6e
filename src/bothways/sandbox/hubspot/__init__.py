"""A stand-in for HubSpot CRM: contacts and companies over HTTP on loopback, faults included."""

from bothways.sandbox.hubspot.clocks import Clock, FrozenClock
from bothways.sandbox.hubspot.problems import Refused
from bothways.sandbox.hubspot.server import HubSpotSandbox

__all__ = ["Clock", "FrozenClock", "HubSpotSandbox", "Refused"]
