"""The browser of this machine: tools/chromium.sh installs it, Playwright's own is not used."""

import shutil

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


def chromium_program() -> str | None:
    """Return the path of a Chromium, None where there is none."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


def chromium_missing() -> str | None:
    """Say why there is no Chromium here; None where there is."""
    return None if chromium_program() else "Chromium is not installed"
