"""All rings of a run, found in their folder and read as they are written (one: ``ring``).

The program can write into the folder, so there are bounds: for the rings that are open, the records
that one poll takes, and the share of a core that the listing of the folder may cost.
"""

from __future__ import annotations

import os
import re
import time

from app.errors import Sentence
from app.timeline import wire
from app.timeline.records import Dropped, Record
from app.timeline.sealed import Sealed
from app.witness.mapped import Copier
from app.witness.ring import DamagedRing, Ring

_NAME = re.compile(re.escape(wire.RING_PREFIX) + r"\d+-\d+-\d+")
#: The clock of file times is coarse: a folder changed this recently is looked at again.
_SETTLE_NS = 50_000_000
#: How often a quiet ring's thread is looked up in /proc.
_GONE_CHECK_NS = 250_000_000
#: More rings wait until others are read to their ends. A run has fewer threads than this.
MOST_RINGS = 8_192
#: Files that are no rings yet and are tried again; the others when the folder is listed.
_MOST_REFUSED = 1_024
#: At most this many slots are taken by one poll: 16 MiB.
MOST_SLOTS = 1 << 19
#: A listing, and a look at a file that is no ring, is followed by a pause this many times as long.
_PAUSES = 20
#: At most this many damaged rings are named one by one.
_MOST_REASONS = 3


class RingsReader:
    """All rings of a run, found in ``folder`` as threads make them.

    A ring whose thread is gone is read to its end, then removed; so a long run that starts
    many threads keeps few files. ``reasons`` gathers sentences about rings that the program
    damaged; the caller clears them. Raises OSError when the folder can't be opened.
    """

    name = "probe"

    def __init__(self, folder: str) -> None:
        # The folder itself, whatever the program puts in its place.
        self._folder = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._copier = Copier()
        self._rings: dict[str, Ring] = {}
        self._open_rings: list[Ring] = []
        self._heads: list[memoryview] | None = None  # theirs; None: to be gathered again
        #: Names that are no rings (yet, or ever): since when, and when to try again.
        self._refused: dict[str, tuple[int, int]] = {}
        #: Name and inode of rings that were read to their ends and can't be removed.
        self._forgotten: set[tuple[str, int]] = set()
        self._mtime_ns = -1
        self._listing_due_ns = self._refused_due_ns = 0
        self._gone_check_ns = 0
        self._sealed: list[Sealed] = []
        self.seen = self.damaged = 0  # rings so far
        self.more = False  # whether the last poll left records that it might have taken
        self.reasons: list[Sentence] = []

    def poll(self, now_ns: int | None = None) -> list[Record]:
        """New records of all rings, each thread's in order (not merged by time)."""
        now_ns = time.monotonic_ns() if now_ns is None else now_ns
        self.more = False
        self._discover()
        records = self._read(now_ns)
        if now_ns - self._gone_check_ns >= _GONE_CHECK_NS:
            self._gone_check_ns = now_ns
            records += self._remove_finished(now_ns)
        return records

    def take_sealed(self) -> list[Sealed]:
        """What was read since the last call and not returned by ``poll``."""
        sealed, self._sealed = self._sealed, []
        return sealed

    # --- finding -------------------------------------------------------------------------------

    def _discover(self) -> None:
        now, began = time.monotonic_ns(), time.thread_time_ns()
        if self._refused and now >= self._refused_due_ns:
            for name, (_, due) in list(self._refused.items()):
                if now >= due:
                    self._open(name, now)
            self._refused_due_ns = self._after(began)
        mtime = os.fstat(self._folder).st_mtime_ns
        if mtime == self._mtime_ns or now < self._listing_due_ns:
            return
        whole, began, opened = True, time.thread_time_ns(), self.seen
        with os.scandir(self._folder) as entries:
            for entry in entries:
                name = entry.name
                if name in self._rings or name in self._refused or not _NAME.fullmatch(name):
                    continue
                if (name, entry.inode()) in self._forgotten:
                    continue
                if len(self._rings) >= MOST_RINGS:
                    whole = False
                    break
                self._open(name, now)
        settled = time.time_ns() - mtime > _SETTLE_NS
        self._mtime_ns = mtime if settled and whole else -1
        # Opening the rings of many new threads must not delay the next poll.
        born = self.seen - opened
        self._listing_due_ns = 0 if born and born >= len(self._refused) else self._after(began)

    @staticmethod
    def _after(began_ns: int) -> int:
        """When a task that began at this CPU time may be done again: the sooner, the less it took.

        It goes by CPU time, because on a crowded machine a cheap listing may last long.
        """
        cost = time.thread_time_ns() - began_ns
        return time.monotonic_ns() + (_PAUSES * cost if cost > 1_000_000 else 0)

    def _open(self, name: str, now: int) -> None:
        """Also tries a name that was refused before, each time after a longer pause."""
        try:
            ring = Ring(self._folder, name)
        except FileNotFoundError:
            self._refused.pop(name, None)
        except (OSError, ValueError):
            if name in self._refused or len(self._refused) < _MOST_REFUSED:
                since, _ = self._refused.get(name, (now, 0))
                self._refused[name] = since, now + (now - since) // 4
        else:
            self._refused.pop(name, None)
            self._rings[name] = ring
            self._heads = None
            self.seen += 1

    # --- reading -------------------------------------------------------------------------------

    def _read(self, now_ns: int) -> list[Record]:
        if self._heads is None:
            self._open_rings = list(self._rings.values())
            self._heads = [ring.head for ring in self._open_rings]
        heads, gone = self._copier.words(self._heads)
        pairs = zip(self._open_rings, heads, strict=True)
        news = [(ring, head) for ring, head in pairs if ring.tail != head]
        if not news and not gone:
            return []
        broken = [self._open_rings[index] for index in gone]
        records: list[Record] = []
        for ring in broken:
            records += self._give_up(ring, now_ns)
        if broken:
            news = [(ring, head) for ring, head in news if ring not in broken]
        return records + self._take(self._bounded(news), now_ns)

    def _bounded(self, news: list[tuple[Ring, int]]) -> list[tuple[Ring, int]]:
        """As many of the rings as one poll takes; if not all, the fullest ones first."""
        waiting = [(min(head - ring.tail, ring.capacity), ring, head) for ring, head in news]
        self.more = sum(count for count, *_ in waiting) > MOST_SLOTS
        if not self.more:
            return news
        waiting.sort(key=lambda item: item[0] / item[1].capacity, reverse=True)
        taken, room = [], MOST_SLOTS
        for count, ring, head in waiting:
            taken.append((ring, head))
            room -= count
            if room <= 0:
                break
        return taken

    def _take(self, news: list[tuple[Ring, int]], now_ns: int) -> list[Record]:
        records: list[Record] = []
        damaged: list[Ring] = []
        copies = self._copier.copies([ring.pieces(head) for ring, head in news])
        for (ring, head), copy in zip(news, copies, strict=True):
            try:
                records += ring.take(head, copy, now_ns)
            except DamagedRing:
                damaged.append(ring)
            if ring.sealed:
                self._sealed += ring.sealed
                ring.sealed = []
        for ring in damaged:
            records += self._give_up(ring, now_ns)
        return records

    def _give_up(self, ring: Ring, now_ns: int) -> list[Record]:
        """What a damaged ring held can't be known, nor how many records it would have had."""
        self._forget(ring)
        self.damaged += 1
        if self.damaged <= _MOST_REASONS:
            sentence = Sentence(
                "The program damaged the probe's records of process {pid}, thread {tid}: "
                "the rest of what this thread did is known from the kernel alone.",
                pid=ring.pid,
                tid=ring.tid,
            )
            self.reasons.append(sentence)
        elif self.damaged == _MOST_REASONS + 1:
            self.reasons.append(
                Sentence("The program damaged the probe's records of further threads as well.")
            )
        return [Dropped(now_ns, "probe", 1, ring.pid, ring.tid)]

    def _remove_finished(self, now_ns: int) -> list[Record]:
        newest: dict[tuple[int, int], int] = {}
        for ring in self._rings.values():
            key = ring.pid, ring.tid
            newest[key] = max(newest.get(key, 0), ring.birth_ns)
        records: list[Record] = []
        for ring in list(self._rings.values()):
            superseded = ring.birth_ns < newest[ring.pid, ring.tid]
            if superseded or not os.path.exists(f"/proc/{ring.pid}/task/{ring.tid}"):
                heads, gone = self._copier.words([ring.head])
                if gone:
                    records += self._give_up(ring, now_ns)
                elif heads[0] != ring.tail:
                    records += self._take([(ring, heads[0])], now_ns)
                if ring.name in self._rings:  # its thread is gone, so this was its end
                    self._forget(ring)
        return records

    def _forget(self, ring: Ring) -> None:
        """Closes and removes it. It isn't opened again, even if it can't be removed."""
        del self._rings[ring.name]
        self._heads = None
        ring.close()
        try:
            os.unlink(ring.name, dir_fd=self._folder)
        except FileNotFoundError:
            pass
        except OSError:  # the program took our right to, or put a folder in its place
            self._forgotten.add((ring.name, ring.inode))

    def close(self) -> None:
        for ring in self._rings.values():
            ring.close()
        self._rings.clear()
        self._heads = None
        self._copier.close()
        os.close(self._folder)
