"""Style sheet, scripts and icons: read once, named by what they hold, so that browsers keep them for ever."""

import gzip
import hashlib
from functools import cache
from importlib.resources import files
from typing import NamedTuple

_FILES = {
    "app.css": ("bothways.web", "static/app.css", "text/css; charset=utf-8"),
    "app.js": ("bothways.web", "static/app.js", "text/javascript; charset=utf-8"),
    "live.js": ("bothways.web", "static/live.js", "text/javascript; charset=utf-8"),
    "picker.js": ("bothways.web", "static/picker.js", "text/javascript; charset=utf-8"),
    "zone.js": ("bothways.web", "static/zone.js", "text/javascript; charset=utf-8"),
    "htmx.js": ("django_htmx", "static/django_htmx/htmx-2.min.js", "text/javascript; charset=utf-8"),
    "icon.svg": ("bothways.web", "static/icon.svg", "image/svg+xml"),
}
PREFIX = "/static/"


class Asset(NamedTuple):
    """A file as it is sent, packed; ``path`` changes with what it holds."""

    path: str
    kind: str
    packed: bytes
    plain: bytes


@cache
def assets() -> dict[str, Asset]:
    """Return all files by their names."""
    found = {}
    for name, (package, place, kind) in _FILES.items():
        plain = files(package).joinpath(place).read_bytes()
        stem, dot, ending = name.rpartition(".")
        path = f"{PREFIX}{stem}.{hashlib.sha256(plain).hexdigest()[:12]}{dot}{ending}"
        found[name] = Asset(path, kind, gzip.compress(plain, 9, mtime=0), plain)
    return found


@cache
def _by_path() -> dict[str, Asset]:
    return {asset.path: asset for asset in assets().values()}


def answer(path: str, encodings: str) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Return status, headers and body of the answer for a path, packed if ``encodings`` name gzip."""
    asset = _by_path().get(path)
    if asset is None:
        return 404, [(b"content-type", b"text/plain; charset=utf-8")], b"not found\n"
    packed = "gzip" in encodings
    headers = [
        (b"content-type", asset.kind.encode()),
        (b"cache-control", b"public, max-age=31536000, immutable"),
        (b"x-content-type-options", b"nosniff"),
        (b"vary", b"accept-encoding"),
        *([(b"content-encoding", b"gzip")] if packed else []),
    ]
    return 200, headers, asset.packed if packed else asset.plain
