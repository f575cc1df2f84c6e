"""The use cases: connect, check, plan, look, explain. Every face and every job goes through here."""

from bothways import boot

boot.prepare()

from bothways.sync.context import Progress  # noqa: E402 - models need a configured Django

__all__ = ["Progress"]
