"""Every write that SQLite makes, and every fsync, in their order: a layer between SQLite and its files.

SQLite reaches the disk through a table of functions (its "VFS", https://www.sqlite.org/vfs.html). `recording` puts
another table in front of the default one, for all connections of this process: it passes each call on, and notes what
was written, cut off, made safe or deleted. What a power cut may leave behind is worked out from that (`power.py`).

It is done with ctypes on the SQLite that the module `sqlite3` uses itself, which must be a shared library; where Python
has SQLite built in, `Unavailable` is raised.
"""

from __future__ import annotations

import _sqlite3
import ctypes
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

SQLITE_OK = 0


class Unavailable(Exception):
    """SQLite is no shared library here, so nothing can be put in front of its files."""


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to a file, or a note of whoever wants to know where in this history something fell."""

    kind: Literal["write", "truncate", "sync", "delete", "note"]
    file: str = ""
    #: Of a write: where, and what. Of a truncation: the size that is left.
    offset: int = 0
    content: bytes = b""
    #: Of a deletion: whether the folder was made safe with it.
    safe: bool = False
    #: Of a sync: how many events had been noted when it began. What came later it need not have made safe.
    began: int = 0
    note: Any = None


@dataclass(slots=True)
class History:
    """All events of some time, in their order."""

    events: list[Event] = field(default_factory=list)

    def note(self, what: Any) -> None:
        self.events.append(Event("note", note=what))


class _Methods(ctypes.Structure):
    """`sqlite3_io_methods`, as far as it is needed: the rest is copied behind it."""


_File = ctypes.c_void_p
_Close = ctypes.CFUNCTYPE(ctypes.c_int, _File)
_Read = ctypes.CFUNCTYPE(ctypes.c_int, _File, ctypes.c_void_p, ctypes.c_int, ctypes.c_int64)
_Write = ctypes.CFUNCTYPE(ctypes.c_int, _File, ctypes.c_void_p, ctypes.c_int, ctypes.c_int64)
_Truncate = ctypes.CFUNCTYPE(ctypes.c_int, _File, ctypes.c_int64)
_Sync = ctypes.CFUNCTYPE(ctypes.c_int, _File, ctypes.c_int)
_Open = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, _File, ctypes.c_int, ctypes.POINTER(ctypes.c_int)
)
_Delete = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int)

_Methods._fields_ = [
    ("version", ctypes.c_int),
    ("close", _Close),
    ("read", _Read),
    ("write", _Write),
    ("truncate", _Truncate),
    ("sync", _Sync),
    ("rest", ctypes.c_void_p * 13),
]


class _Vfs(ctypes.Structure):
    """`sqlite3_vfs`."""

    _fields_: ClassVar[Any] = [
        ("version", ctypes.c_int),
        ("file_size", ctypes.c_int),
        ("longest_path", ctypes.c_int),
        ("next", ctypes.c_void_p),
        ("name", ctypes.c_char_p),
        ("data", ctypes.c_void_p),
        ("open", _Open),
        ("delete", _Delete),
        ("rest", ctypes.c_void_p * 14),
    ]


class _Recorder:
    """The layer. It must live as long as any connection that was opened through it."""

    def __init__(self, library: ctypes.CDLL, folder: Path):
        self.history = History()
        self._folder = str(folder)
        library.sqlite3_vfs_find.restype = ctypes.POINTER(_Vfs)
        self._library = library
        self._below = library.sqlite3_vfs_find(None)
        self._vfs = _Vfs.from_buffer_copy(self._below.contents)
        self._vfs.name = b"recorder"
        self._vfs.next = None
        self._vfs.open, self._vfs.delete = _Open(self._open), _Delete(self._delete)
        #: Address of a table of functions below -> the table in front of it, and what it calls.
        self._methods: dict[int, tuple[_Methods, _Methods]] = {}
        #: Address of an open file -> its name, and the functions below.
        self._files: dict[int, tuple[str, _Methods]] = {}

    def install(self) -> None:
        _check(self._library.sqlite3_vfs_register(ctypes.byref(self._vfs), 1))

    def remove(self) -> None:
        """New connections are no longer recorded; those that are open still are."""
        _check(self._library.sqlite3_vfs_register(self._below, 1))
        _check(self._library.sqlite3_vfs_unregister(ctypes.byref(self._vfs)))

    def _open(self, vfs: int, name: int | None, file: int, flags: int, flags_out: Any) -> int:
        code: int = self._below.contents.open(ctypes.addressof(self._below.contents), name, file, flags, flags_out)
        path = ctypes.string_at(name).decode() if name else ""
        if code == SQLITE_OK and path.startswith(self._folder):
            pointer = ctypes.cast(file, ctypes.POINTER(ctypes.c_void_p))
            address = pointer[0]
            assert address is not None
            if address not in self._methods:
                self._methods[address] = self._in_front(_Methods.from_address(address))
            front, below = self._methods[address]
            self._files[file] = (Path(path).name, below)
            pointer[0] = ctypes.addressof(front)
        return code

    def _in_front(self, below: _Methods) -> tuple[_Methods, _Methods]:
        front = _Methods.from_buffer_copy(below)
        front.close, front.write = _Close(self._close), _Write(self._write)
        front.truncate, front.sync = _Truncate(self._truncate), _Sync(self._sync)
        return front, below

    def _close(self, file: int) -> int:
        _, below = self._files.pop(file)
        code: int = below.close(file)
        return code

    def _write(self, file: int, content: int, count: int, offset: int) -> int:
        name, below = self._files[file]
        code: int = below.write(file, content, count, offset)
        # Noted only when it is done: a sync that another thread has begun meanwhile need not have made it safe.
        self.history.events.append(Event("write", name, offset, ctypes.string_at(content, count)))
        return code

    def _truncate(self, file: int, size: int) -> int:
        name, below = self._files[file]
        code: int = below.truncate(file, size)
        self.history.events.append(Event("truncate", name, size))
        return code

    def _sync(self, file: int, flags: int) -> int:
        name, below = self._files[file]
        began = len(self.history.events)
        code: int = below.sync(file, flags)
        if code == SQLITE_OK:
            self.history.events.append(Event("sync", name, began=began))
        return code

    def _delete(self, vfs: int, name: bytes, directory_too: int) -> int:
        code: int = self._below.contents.delete(ctypes.addressof(self._below.contents), name, directory_too)
        if code == SQLITE_OK and name.decode().startswith(self._folder):
            self.history.events.append(Event("delete", Path(name.decode()).name, safe=bool(directory_too)))
        return code


def _check(code: int) -> None:
    if code != SQLITE_OK:
        raise Unavailable(f"SQLite answered {code}")


def _library() -> ctypes.CDLL:
    """The very library that `sqlite3` runs on: loaded already, and found again through its module."""
    library = ctypes.CDLL(_sqlite3.__file__) if hasattr(_sqlite3, "__file__") else ctypes.CDLL(None)
    try:
        find: Callable[..., Any] = library.sqlite3_libversion
    except AttributeError:
        raise Unavailable("Python's SQLite is built in") from None
    library.sqlite3_libversion.restype = ctypes.c_char_p
    if find().decode() != sqlite3.sqlite_version:
        raise Unavailable("this is another SQLite than Python's")
    return library


@contextmanager
def recording(folder: Path) -> Iterator[History]:
    """Notes what connections that are opened meanwhile do to files in `folder`."""
    recorder = _Recorder(_library(), folder)
    recorder.install()
    try:
        yield recorder.history
    finally:
        recorder.remove()
        _KEPT.append(recorder)


#: A connection that outlives its recording still calls it.
_KEPT: list[_Recorder] = []
