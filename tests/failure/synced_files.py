"""What of SQLite's files is surely on the disk: their content at the last successful sync of each.

A file system layer (a VFS) is laid over SQLite's own, in the very library that Python's sqlite3 uses. It
hands every call on and remembers, after each sync, what the file then held. A power cut may take the rest.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import CFUNCTYPE, POINTER, byref, c_char_p, c_int, c_int64, c_void_p, cast, create_string_buffer, sizeof
from pathlib import Path

OK = 0
MAIN_DATABASE, WRITE_AHEAD_LOG = 0x100, 0x80000

OPEN = CFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p, c_int, c_void_p)
SYNC = CFUNCTYPE(c_int, c_void_p, c_int)
READ = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_int64)
FILE_SIZE = CFUNCTYPE(c_int, c_void_p, POINTER(c_int64))


class Methods(ctypes.Structure):
    """``sqlite3_io_methods``: what can be done with an open file."""

    _fields_ = [("version", c_int)] + [
        (name, c_void_p)
        for name in (
            *("close", "read", "write", "truncate", "sync", "file_size", "lock", "unlock", "check_lock", "control"),
            *("sector_size", "traits", "shm_map", "shm_lock", "shm_barrier", "shm_unmap", "fetch", "unfetch"),
        )
    ]


class File(ctypes.Structure):
    """``sqlite3_file``: an open file, as far as it is the same for every VFS."""

    _fields_ = [("methods", POINTER(Methods))]


class Vfs(ctypes.Structure):
    """``sqlite3_vfs``, version 3: how files are opened, and more."""

    _fields_ = [
        ("version", c_int),
        ("file_bytes", c_int),
        ("path_bytes", c_int),
        ("next", c_void_p),
        ("name", c_char_p),
        ("data", c_void_p),
        ("open", c_void_p),
        ("rest", c_void_p * 15),
    ]


class NotShared(Exception):
    """Python's sqlite3 carries its own SQLite, which cannot be reached from outside."""


def library() -> ctypes.CDLL:
    """Return the SQLite library that this process uses; raise NotShared if it is built into Python."""
    import sqlite3

    sqlite3.connect(":memory:").close()
    maps = Path("/proc/self/maps")
    mapped = maps.read_text().splitlines() if maps.exists() else []
    paths = {line.split()[-1] for line in mapped if "/libsqlite3.so" in line}
    if len(paths) != 1:
        raise NotShared("Python's sqlite3 does not use a shared SQLite library")
    return ctypes.CDLL(paths.pop())


class SyncedFiles:
    """The content of each database and write-ahead file at its last sync, by path.

    While ``watching`` is off nothing is remembered and nothing synced, which saves the time it takes.
    """

    def __init__(self) -> None:
        self.content: dict[str, bytes] = {}
        self.syncs = 0
        self.watching = True
        self._sqlite = library()
        self._kept: list[object] = []

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Lay the layer over SQLite's default one; every connection opened meanwhile must be closed meanwhile."""
        self._sqlite.sqlite3_vfs_find.restype = POINTER(Vfs)
        below = self._sqlite.sqlite3_vfs_find(None)
        open_below = OPEN(below.contents.open)
        ours = Vfs()
        ctypes.memmove(byref(ours), below, sizeof(Vfs))

        def open_(vfs: int, name: int | None, file: int, flags: int, out: int | None) -> int:
            code: int = open_below(cast(below, c_void_p), name, file, flags, out)
            if code == OK and name and flags & (MAIN_DATABASE | WRITE_AHEAD_LOG):
                self._watch(file, ctypes.string_at(name).decode())
            return code

        callback = OPEN(open_)
        ours.name, ours.open, ours.next = b"synced-files", cast(callback, c_void_p).value, None
        self._kept += [below, ours, callback]
        if self._sqlite.sqlite3_vfs_register(byref(ours), 1) != OK:
            raise RuntimeError("SQLite refused the layer")
        try:
            yield
        finally:
            self._sqlite.sqlite3_vfs_unregister(byref(ours))

    def _watch(self, address: int, path: str) -> None:
        """Put our sync in place of the file's own; what it holds when it is opened counts as synced."""
        file = cast(address, POINTER(File)).contents
        methods = Methods()
        ctypes.memmove(byref(methods), file.methods, sizeof(Methods))
        sync_below = SYNC(methods.sync)

        def sync(address: int, flags: int) -> int:
            if not self.watching:
                return OK
            code: int = sync_below(address, flags)
            if code == OK:
                self.syncs += 1
                self.content[path] = _content(address, methods)
            return code

        callback = SYNC(sync)
        methods.sync = cast(callback, c_void_p).value
        self._kept += [methods, callback]
        if self.watching:
            self.content[path] = _content(address, methods)
        file.methods = ctypes.pointer(methods)

    def restore(self, database: Path, content: dict[str, bytes], folder: Path) -> Path:
        """Write the files of a database, with a content kept earlier, to a folder; return the new database."""
        for path, data in content.items():
            if path in (str(database), f"{database}-wal"):
                (folder / Path(path).name).write_bytes(data)
        return folder / database.name


def _content(address: int, methods: Methods) -> bytes:
    """Read a whole open file through its own methods, so that no lock on it is lost."""
    size = c_int64()
    if FILE_SIZE(methods.file_size)(address, byref(size)) != OK:
        raise OSError("the size of an open database file cannot be read")
    buffer = create_string_buffer(max(size.value, 1))
    if size.value and READ(methods.read)(address, cast(buffer, c_void_p), size.value, 0) != OK:
        raise OSError("an open database file cannot be read")
    return buffer.raw[: size.value]
