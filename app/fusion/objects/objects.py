"""The objects of a run: their kinds and names, their holders and their waiters."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING

from app.fusion.objects.names import ProgramNames
from app.fusion.objects.reasons import AWAITS_NOTICE, TRAITS
from app.fusion.picture.book import Book
from app.timeline.model import NOTHING
from app.timeline.places import place
from app.timeline.records import SyscallSample
from app.timeline.states import ObjectKind, Reason

if TYPE_CHECKING:
    from app.fusion.lives.lives import TaskLife, ThreadLife, Waiter

_OBJECT_KINDS = list(ObjectKind)
_SHOWN_AT_ONCE = frozenset(
    {
        ObjectKind.LOCK,
        ObjectKind.RLOCK,
        ObjectKind.CONDITION,
        ObjectKind.SEMAPHORE,
        ObjectKind.EVENT,
        ObjectKind.BARRIER,
        ObjectKind.QUEUE,
        ObjectKind.PIPE,
        ObjectKind.POOL,
    }
)
#: What fork(2) copies. A pipe or a socket stays the same object.
_COPIED = frozenset(
    {
        ObjectKind.LOCK,
        ObjectKind.RLOCK,
        ObjectKind.CONDITION,
        ObjectKind.SEMAPHORE,
        ObjectKind.EVENT,
        ObjectKind.BARRIER,
        ObjectKind.QUEUE,
    }
)
_KIND_OF_SITE = {"pipe": ObjectKind.PIPE, "socket": ObjectKind.SOCKET, "file": ObjectKind.FILE}
#: At most this many futexes are told apart; a program may use any number of addresses.
_MOST_TARGETS = 200


def _shared_id(name: str) -> int:
    """The id that the probe gives an object of this name in each process: recording/objects.py."""
    value = 0xCBF29CE484222325
    for byte in name.encode():
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return value | 1 << 63


def object_kind(code: int) -> ObjectKind:
    """The kind of this code; an unknown code of a newer probe is OTHER."""
    return _OBJECT_KINDS[code] if 0 <= code < len(_OBJECT_KINDS) else ObjectKind.OTHER


_SEMAPHORE = ObjectKind.SEMAPHORE


class Held:
    """A thread's or coroutine's hold on an object: how often, since when, taken at which line.

    ``task`` is the coroutine in whose step a thread took it: that coroutine will release it.
    """

    __slots__ = ("count", "line", "since", "task")

    def __init__(self, since: int, line: int, task: TaskLife | None = None) -> None:
        self.count = 1
        self.since = since
        self.line = line
        self.task = task


class KnownObject:
    """One Python object. ``object_id`` is its id in the timeline, NOTHING until it is shown."""

    __slots__ = (
        "awaiting_notice",
        "claimed_by",
        "handed_on",
        "holders",
        "kind",
        "line",
        "maker",
        "name",
        "notified",
        "object_id",
        "permits",
        "released",
        "track",
        "used_as_signal",
        "waiters",
    )

    def __init__(self, kind: ObjectKind, name: str, track: int, line: int) -> None:
        self.kind = kind
        self.name = name
        self.track = track
        self.line = line
        self.maker = 0  # the pid of the process whose probe announced it
        self.object_id = NOTHING
        self.holders: dict[Waiter, Held] = {}
        self.waiters: dict[Waiter, None] = {}
        #: The waiters that wait for a ``notify`` or ``set`` and have not got it, oldest first.
        self.awaiting_notice: OrderedDict[Waiter, None] | None = None
        self.permits: int | None = None  # of a semaphore: how many it was made with
        self.used_as_signal = False  # released by a thread that didn't hold it: it has no holder
        self.handed_on = 0  # permits handed on to the waiters that are made ready next
        self.claimed_by: ThreadLife | None = None  # it has the lock, and needs the GIL to go on
        self.released: tuple[int, int] | None = None  # (track, t) of the last release
        self.notified: tuple[int, int] | None = None  # (track, t) of the last notify, set, done

    def add_waiter(self, life: Waiter, reason: Reason) -> None:
        self.waiters[life] = None
        if reason in AWAITS_NOTICE:
            if self.awaiting_notice is None:
                self.awaiting_notice = OrderedDict()
            self.awaiting_notice[life] = None

    def remove_waiter(self, life: Waiter) -> None:
        """``life`` got it, or gave up."""
        self.waiters.pop(life, None)
        if self.awaiting_notice is not None:
            self.awaiting_notice.pop(life, None)
            if not self.awaiting_notice:
                self.awaiting_notice = None

    def add_holder(self, holder: Waiter, held: Held) -> None:
        """``holder`` has it from now on, beside those that have it already."""
        self.holders[holder] = held
        holder.awaited = True
        if held.task is not None:
            held.task.awaited = True

    def sole_holder(self) -> Waiter | None:
        """The holder, if there is exactly one; of a semaphore, the holder of all its permits.

        A future is held by the thread or coroutine that is to give its result.
        """
        if len(self.holders) != 1:
            return None
        holder, held = next(iter(self.holders.items()))
        if self.kind is _SEMAPHORE and (self.used_as_signal or held.count != self.permits):
            return None
        return holder if held.task is None or held.task.exited else held.task

    def hold_of(self, holder: Waiter) -> Held | None:
        """How ``holder`` holds it: itself, or through the thread that executed its step."""
        found = self.holders.get(holder)
        if found is None:
            found = next((held for held in self.holders.values() if held.task is holder), None)
        return found


class Objects:
    """Finds objects by the probe's ids, and gives them names when they are first shown."""

    def __init__(self, book: Book) -> None:
        self._book = book
        #: Ids that a probe gave to several objects. Their holders and waiters are not known.
        self.ambiguous: set[int] = set()
        self._known: dict[int, KnownObject] = {}
        #: The object with this id, if it is known. Asked for too often for a method of its own.
        self.get: Callable[[int], KnownObject | None] = self._known.get
        self._names = ProgramNames(book.facts.program)
        self._others: dict[tuple[int, int], int] = {}  # files that are not the program's own
        self._numbers: dict[str, int] = {}
        self._made: dict[tuple[int, int, ObjectKind], int] = {}
        self._nameless: dict[ObjectKind, int] = {}
        self._copies: dict[tuple[int, int], int] = {}
        self._syscalls: dict[str, int] = {}
        self._targets: dict[str, int] = {}

    def file(self, pid: int, file_id: int, path: str) -> None:
        """A FILE record: by this id the process will refer to lines of this file."""
        number = self._number(path)
        if number:
            self._others[pid, file_id] = number
        else:
            self._others.pop((pid, file_id), None)

    def place(self, pid: int, file_id: int, line: int) -> int:
        """The place of a line, as slices store it."""
        return place(self._others.get((pid, file_id), 0), line) if self._others else line

    def place_in(self, path: str, line: int) -> int:
        """The place of a line of the file with this path."""
        return place(self._number(path), line)

    def _number(self, path: str) -> int:
        """The file's number in places: 0 for the program's main file."""
        number = self._numbers.get(path)
        if number is None:
            facts = self._book.facts
            folder, _, name = path.rpartition("/")
            number = 0
            if path != facts.path if facts.path else name != facts.file_name:
                home = facts.path.rpartition("/")[0] if facts.path else folder
                number = self._book.file(path.removeprefix(home + "/"))
            self._numbers[path] = number
        return number

    def made(
        self, pid: int, track: int, obj: int, kind: ObjectKind, line: int, file_id: int, text: str
    ) -> None:
        """An OBJECT record: the ``n``-th of its kind on this line gets the ``n``-th name."""
        if not obj:
            return
        where = self.place(pid, file_id, line)
        count = self._made.get((pid, where, kind), 0)
        self._made[pid, where, kind] = count + 1
        known = self._known.get(obj)
        if known is not None and known.maker == pid:
            # The process gave this id to two objects, so it says nothing from now on.
            self.ambiguous.add(obj)
            known.holders.clear()
            return
        if known is not None and known.name:
            return
        name = text
        if not name and line and (pid, file_id) not in self._others:
            name = self._names.name(line, kind, count)
        if known is None:
            known = self._known[obj] = KnownObject(kind, name, track, where)
        elif not known.object_id:
            known.kind, known.name, known.track, known.line = kind, name, track, where
        known.maker = pid
        if kind in _SHOWN_AT_ONCE:
            self._show(known)

    def name_of(self, obj: int) -> str:
        """The name that the program or a record gave the object, or ""."""
        known = self._known.get(obj)
        return known.name if known is not None else ""

    def own(self, obj: int, pid: int) -> int:
        """The object that process ``pid`` means by this id: after a fork, its own copy of a lock.

        An id is ``pid << 32 | counter`` of the process that made the object, and a copy that
        fork(2) made keeps it. Ids with the top bit set are of objects that processes share.
        """
        if obj >> 63 or obj >> 32 == pid:
            return obj
        original = self._known.get(obj)
        if original is None or original.kind not in _COPIED:
            return obj
        copy = self._copies.get((obj, pid))
        if copy is None:
            copy = self._copies[obj, pid] = -len(self._copies) - 1
            self._known[copy] = KnownObject(
                original.kind, original.name, original.track, original.line
            )
        return copy

    def known(self, obj: int, reason: Reason = Reason.NONE) -> KnownObject:
        """The object with this id. If it is new, its kind follows from the ``reason`` to wait."""
        known = self._known.get(obj)
        if known is None:
            known = self._known[obj] = KnownObject(TRAITS[reason].kind, "", NOTHING, 0)
        return known

    def called(self, obj: int, reason: Reason, qualname: str) -> None:
        """Name the object after its function, if it has no name yet."""
        known = self.known(obj, reason)
        known.name = known.name or qualname.rpartition("<locals>.")[2]

    def show(self, obj: int, reason: Reason = Reason.NONE, name: str = "") -> int:
        """The object's id in the timeline, which shows it from now on; NOTHING for no object."""
        if not obj:
            return NOTHING
        known = self.known(obj, reason)
        if name and not known.name:
            known.name = name
        return known.object_id or self._show(known)

    def descriptor(self, sample: SyscallSample) -> int:
        """The object that a sampled call waits for: the program's own object if it is one, else
        the kernel's, by its path, address or number. If neither is known, the call itself.
        """
        target, kind = sample.target, _KIND_OF_SITE.get(sample.site, ObjectKind.SYSCALL)
        if not target or (kind is ObjectKind.SYSCALL and not sample.label):
            return self.syscall(sample.name)
        object_id = self._targets.get(target)
        if object_id is None:
            if kind is ObjectKind.SYSCALL and len(self._targets) >= _MOST_TARGETS:
                return self.syscall(sample.name)
            known = self._known.get(_shared_id(target))
            if known is not None:
                object_id = known.object_id or self._show(known)
            else:
                object_id = self._show(KnownObject(kind, sample.label, NOTHING, 0))
            self._targets[target] = object_id
        return object_id

    def syscall(self, name: str) -> int:
        object_id = self._syscalls.get(name)
        if object_id is None:
            object_id = self._book.new_object(ObjectKind.SYSCALL, name, NOTHING, 0).id
            self._syscalls[name] = object_id
        return object_id

    def gil(self, track: int) -> int:
        """The interpreter lock of this process."""
        return self._book.new_object(ObjectKind.GIL, "GIL", track, 0).id

    def _show(self, known: KnownObject) -> int:
        if not known.object_id:
            name = known.name
            if not name:
                count = self._nameless[known.kind] = self._nameless.get(known.kind, 0) + 1
                name = f"{_label(known.kind)} {count}"
            row = self._book.new_object(known.kind, name, known.track, known.line)
            known.object_id = row.id
        return known.object_id


def _label(kind: ObjectKind) -> str:
    return "RLock" if kind is ObjectKind.RLOCK else kind.word.capitalize()
