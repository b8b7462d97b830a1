"""The objects of a run: what they are, who holds them, who waits for them."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from app.fusion.book import Book
from app.fusion.names import ProgramNames
from app.timeline.model import NOTHING
from app.timeline.places import place
from app.timeline.records import SyscallSample
from app.timeline.states import ObjectKind, Reason

if TYPE_CHECKING:
    from app.fusion.lives import TaskLife, ThreadLife, Waiter

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
#: What a fork copies; a pipe or a socket stays the same one.
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
_KIND_OF_REASON: dict[Reason, ObjectKind] = {}
for _reason in Reason:
    if _reason.name in ObjectKind.__members__:
        _KIND_OF_REASON[_reason] = ObjectKind[_reason.name]
_KIND_OF_REASON[Reason.JOIN] = ObjectKind.THREAD
_KIND_OF_REASON[Reason.WAIT_CHILD] = ObjectKind.PROCESS


_KIND_OF_SITE = {"pipe": ObjectKind.PIPE, "socket": ObjectKind.SOCKET, "file": ObjectKind.FILE}
#: Addresses of futexes are told apart up to so many; a program may have any number.
_MOST_TARGETS = 200


def _shared_id(name: str) -> int:
    """The probe's id of what has this name in every process (app/probe/recording/objects.py)."""
    value = 0xCBF29CE484222325
    for byte in name.encode():
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return value | 1 << 63


def object_kind(code: int) -> ObjectKind:
    """The kind of this code; an unknown code of a newer probe is OTHER."""
    return _OBJECT_KINDS[code] if 0 <= code < len(_OBJECT_KINDS) else ObjectKind.OTHER


_SEMAPHORE = ObjectKind.SEMAPHORE
#: Waits that ``notify``, ``set`` and the like end.
_EXPECT = frozenset({Reason.EVENT, Reason.FUTURE, Reason.CONDITION})


class Held:
    """One thread's or coroutine's hold on an object: how often, since when, taken at which line.

    ``task`` is the coroutine in whose step the thread took it: that one will give it back.
    """

    __slots__ = ("count", "line", "since", "task")

    def __init__(self, since: int, line: int, task: TaskLife | None = None) -> None:
        self.count = 1
        self.since = since
        self.line = line
        self.task = task


class Known:
    """One Python object, by the probe's id. ``thing`` is 0 until it was shown."""

    __slots__ = (
        "claimed",
        "expecting",
        "given",
        "handed",
        "holders",
        "kind",
        "line",
        "maker",
        "name",
        "notified",
        "permits",
        "released",
        "thing",
        "track",
        "waiters",
    )

    def __init__(self, kind: ObjectKind, name: str, track: int, line: int) -> None:
        self.kind = kind
        self.name = name
        self.track = track
        self.line = line
        self.maker = 0  # the process whose probe announced it
        self.thing = NOTHING
        self.holders: dict[Waiter, Held] = {}
        self.waiters: dict[Waiter, None] = {}
        #: Those of them that wait for a ``notify`` or ``set`` and have not got one, oldest first.
        self.expecting: OrderedDict[Waiter, None] | None = None
        self.permits: int | None = None  # of a semaphore, when it was made
        self.given = False  # who did not have it released it: it is a signal, and nobody's
        self.handed = 0  # permits given to waiters that are made ready next
        self.claimed: ThreadLife | None = None  # who has it, and needs the GIL to say so
        self.released: tuple[int, int] | None = None  # (track, t) of the last release
        self.notified: tuple[int, int] | None = None  # (track, t) of the last notify, set, done

    def waits(self, life: Waiter, reason: Reason) -> None:
        """``life`` begins to wait for it."""
        self.waiters[life] = None
        if reason in _EXPECT:
            if self.expecting is None:
                self.expecting = OrderedDict()
            self.expecting[life] = None

    def waits_no_more(self, life: Waiter) -> None:
        """``life`` went on, or gave up."""
        self.waiters.pop(life, None)
        if self.expecting is not None:
            self.expecting.pop(life, None)
            if not self.expecting:
                self.expecting = None

    def held_by(self, holder: Waiter, held: Held) -> None:
        """``holder`` has it from now on, beside those who have it already."""
        self.holders[holder] = held
        holder.awaited = True
        if held.task is not None:
            held.task.awaited = True

    def sole_holder(self) -> Waiter | None:
        """The holder, when there is exactly one; of a semaphore, who has all its permits.

        A future is held by who is to give its result.
        """
        if len(self.holders) != 1:
            return None
        holder, held = next(iter(self.holders.items()))
        if self.kind is _SEMAPHORE and (self.given or held.count != self.permits):
            return None
        return holder if held.task is None or held.task.exited else held.task

    def hold_of(self, holder: Waiter) -> Held | None:
        """How ``holder`` holds it, itself or by the thread that executed its step."""
        found = self.holders.get(holder)
        if found is None:
            found = next((held for held in self.holders.values() if held.task is holder), None)
        return found


class Things:
    """Finds objects by the probe's ids, and gives them names when they are first shown."""

    def __init__(self, book: Book) -> None:
        self._book = book
        #: Ids that a probe gave to several objects: nobody holds or waits for them, as far as
        #: can be known.
        self.ambiguous: set[int] = set()
        self._known: dict[int, Known] = {}
        self._names = ProgramNames(book.facts.program)
        self._others: dict[tuple[int, int], int] = {}  # files that are not the program's own
        self._numbers: dict[str, int] = {}
        self._made: dict[tuple[int, int, ObjectKind], int] = {}
        self._nameless: dict[ObjectKind, int] = {}
        self._copies: dict[tuple[int, int], int] = {}
        self._syscalls: dict[str, int] = {}
        self._targets: dict[str, int] = {}

    def file(self, pid: int, file_id: int, path: str) -> None:
        """A FILE record: the process will tell lines of this file by this id."""
        number = self._number(path)
        if number:
            self._others[pid, file_id] = number
        else:
            self._others.pop((pid, file_id), None)

    def place(self, pid: int, file_id: int, line: int) -> int:
        """The place of a line, as slices have it."""
        return place(self._others.get((pid, file_id), 0), line) if self._others else line

    def place_in(self, path: str, line: int) -> int:
        """The place of a line of the file with this path."""
        return place(self._number(path), line)

    def _number(self, path: str) -> int:
        """The file's number in places: 0 for the program's own."""
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
            # One process gave this id to two objects: from now on it tells nothing apart.
            self.ambiguous.add(obj)
            known.holders.clear()
            return
        if known is not None and known.name:
            return
        name = text
        if not name and line and (pid, file_id) not in self._others:
            name = self._names.name(line, kind, count)
        if known is None:
            known = self._known[obj] = Known(kind, name, track, where)
        elif not known.thing:
            known.kind, known.name, known.track, known.line = kind, name, track, where
        known.maker = pid
        if kind in _SHOWN_AT_ONCE:
            self._show(known)

    def name_of(self, obj: int) -> str:
        """The name that the program, or a record, gave the object; "" for none."""
        known = self._known.get(obj)
        return known.name if known is not None else ""

    def own(self, obj: int, pid: int) -> int:
        """The object that ``pid`` means by this id: after a fork, its own copy of a lock.

        Ids are ``pid << 32 | counter`` of the process that made the object, and what fork(2)
        copied keeps its id. Ids with the top bit set are of objects that processes share.
        """
        if obj >> 63 or obj >> 32 == pid:
            return obj
        original = self._known.get(obj)
        if original is None or original.kind not in _COPIED:
            return obj
        copy = self._copies.get((obj, pid))
        if copy is None:
            copy = self._copies[obj, pid] = -len(self._copies) - 1
            self._known[copy] = Known(original.kind, original.name, original.track, original.line)
        return copy

    def get(self, obj: int) -> Known | None:
        return self._known.get(obj)

    def known(self, obj: int, reason: Reason = Reason.NONE) -> Known:
        """The object, made up from the ``reason`` someone waits for it if it is new to us."""
        known = self._known.get(obj)
        if known is None:
            kind = _KIND_OF_REASON.get(reason, ObjectKind.OTHER)
            known = self._known[obj] = Known(kind, "", NOTHING, 0)
        return known

    def called(self, obj: int, reason: Reason, qualname: str) -> None:
        """The object is known by the function that it is of, before it is shown."""
        known = self.known(obj, reason)
        known.name = known.name or qualname.rpartition("<locals>.")[2]

    def show(self, obj: int, reason: Reason = Reason.NONE, name: str = "") -> int:
        """The id under which the timeline shows this object; 0 for no object."""
        if not obj:
            return NOTHING
        known = self.known(obj, reason)
        if name and not known.name:
            known.name = name
        return known.thing or self._show(known)

    def descriptor(self, sample: SyscallSample) -> int:
        """What a sampled call waits on: the program's own object where it is one, else the
        kernel's by its path, address or number; the call itself where nothing more is known.
        """
        target, kind = sample.target, _KIND_OF_SITE.get(sample.site, ObjectKind.SYSCALL)
        if not target or (kind is ObjectKind.SYSCALL and not sample.label):
            return self.syscall(sample.name)
        thing = self._targets.get(target)
        if thing is None:
            if kind is ObjectKind.SYSCALL and len(self._targets) >= _MOST_TARGETS:
                return self.syscall(sample.name)
            known = self._known.get(_shared_id(target))
            if known is not None:
                thing = known.thing or self._show(known)
            else:
                thing = self._show(Known(kind, sample.label, NOTHING, 0))
            self._targets[target] = thing
        return thing

    def syscall(self, name: str) -> int:
        thing = self._syscalls.get(name)
        if thing is None:
            thing = self._book.new_thing(ObjectKind.SYSCALL, name, NOTHING, 0).id
            self._syscalls[name] = thing
        return thing

    def gil(self, track: int) -> int:
        """The interpreter lock of the process that this track is."""
        return self._book.new_thing(ObjectKind.GIL, "GIL", track, 0).id

    def _show(self, known: Known) -> int:
        if not known.thing:
            name = known.name
            if not name:
                count = self._nameless[known.kind] = self._nameless.get(known.kind, 0) + 1
                name = f"{_label(known.kind)} {count}"
            thing = self._book.new_thing(known.kind, name, known.track, known.line)
            known.thing = thing.id
        return known.thing


def _label(kind: ObjectKind) -> str:
    return "RLock" if kind is ObjectKind.RLOCK else kind.word.capitalize()
