"""Finds the order of the pieces that make up a text which several writers wrote at once.

Each writer's pieces come out in the order in which it wrote them, so the text is an interleaving
of the writers. How far each writer has come is a state of the search, and it also says how far the
text is explained. A state from which the text can't go on need not be tried again, whichever way
led to it. So a search visits few states but those near the likeliest order, that of the times.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

from app.fusion.lives.lives import ProcessLife

#: How many writers of each process the searches try, one search after the other. Those with the
#: oldest pieces come first, since threads seldom stop between recording a piece and writing it.
_WIDTHS = (1, 3, 1 << 30)
#: How many steps each of these searches tries at most, to explain ``_AHEAD`` characters more. After
#: searches in vain, as when another program writes between all lines, it tries fewer.
_TRIES = 1024
_LEAST_TRIES = 64
_AHEAD = 64
#: How many characters a search can go back.
BACK = 1 << 14


class Piece(NamedTuple):
    track: int
    t: int
    text: str


class Writer:
    """One thread, with the pieces of it that have not come out yet, in the order of writing."""

    __slots__ = ("number", "pieces", "process")

    def __init__(self, number: int, process: ProcessLife) -> None:
        self.number = number
        self.process = process
        self.pieces: deque[Piece] = deque()


class Step(NamedTuple):
    """The piece that came next, and its writer. ``sure``: no other writer's piece could have."""

    writer: Writer | None
    piece: Piece
    sure: bool


class Interleaving:
    """A text that grows, and the writers' pieces that grow beside it.

    ``steps`` make up ``text`` up to ``at``. The first ``shown`` of them are settled: if a piece of
    the same text by another writer turns out to belong there, the two only change owners.
    """

    def __init__(self) -> None:
        self.text = ""
        self.at = 0
        self.steps: list[Step] = []
        self.shown = 0
        self.waiting = 0
        self.writers: dict[int, Writer] = {}  # those with pieces left, by number
        self._known: dict[int, Writer] = {}
        #: The process whose unfinished line came before all steps.
        self._before: ProcessLife | None = None
        self._stuck = -1  # where the last search came no further
        self._settled: list[Step] = []  # during a search, with how many writers of each process
        self._width = 0
        self._tries = _TRIES
        self._aside = 0

    def add(self, number: int, process: ProcessLife, piece: Piece) -> None:
        """The writer with this number wrote its next piece."""
        writer = self._known.get(number)
        if writer is None:
            writer = self._known[number] = Writer(number, process)
        writer.pieces.append(piece)
        self.writers[number] = writer
        self.waiting += 1

    def drop(self, writer: Writer, count: int) -> None:
        """The writer's next ``count`` pieces will not come out."""
        for _ in range(count):
            writer.pieces.popleft()
        self.waiting -= count
        if not writer.pieces:
            del self.writers[writer.number]

    def drop_oldest(self, count: int) -> None:
        """The ``count`` pieces that were written first will not come out."""
        first = [(writer.pieces[0].t, writer.number) for writer in self.writers.values()]
        heapq.heapify(first)
        for _ in range(count):
            _, number = heapq.heappop(first)
            writer = self.writers[number]
            self.drop(writer, 1)
            if writer.pieces:
                heapq.heappush(first, (writer.pieces[0].t, number))

    def set_aside(self, writer: Writer, count: int) -> None:
        """The writer's next ``count`` pieces may come out later than those behind them.

        A thread of CPython may wait for the buffer's lock with pieces of other threads to write.
        One of these threads may then write its next piece before.
        """
        self._aside -= 1
        late = self._known[self._aside] = self.writers[self._aside] = Writer(
            self._aside, writer.process
        )
        for _ in range(count):
            late.pieces.append(writer.pieces.popleft())

    def insert(self, piece: Piece) -> None:
        """A piece of no writer comes next."""
        self.steps.append(Step(None, piece, True))
        self.at += len(piece.text)

    def explain(self, final: bool = False) -> bool:
        """Go on as far as pieces explain the text. Returns True if settled ones changed owner.

        While the text is not ``final``, an end that may be the beginning of a piece has to wait.
        """
        changed = False
        while self.at < len(self.text):
            heads, cut = self._heads()
            if cut and not final:
                break
            if heads:
                self._take(heads[0], len(heads) == 1)
            elif self.at == self._stuck:
                break
            else:
                changed |= self._search(final)
        return changed

    def forget(self) -> None:
        """Drop settled steps that are far behind, or that nothing can prove wrong any more."""
        count, length = self.shown, self.at
        if self.waiting or count < len(self.steps):
            count = length = 0
            if self.at > 2 * BACK:
                while count < self.shown and self.at - length > BACK:
                    length += len(self.steps[count].piece.text)
                    count += 1
        if count:
            self._before = _unfinished(self.steps[count - 1])
            del self.steps[:count]
            self.shown -= count
            self.text = self.text[length:]
            self.at -= length
            self._stuck -= length
        if not self.waiting and not self.steps:
            self._known.clear()

    def _heads(self) -> tuple[list[Writer | None], bool]:
        """The writers whose pieces can come next, the likeliest first; and True if the end of the
        text cuts off a further piece.

        A process writes its buffer out at once, so a process with an unfinished line comes first,
        then the piece that was written first.
        """
        text, at, steps = self.text, self.at, self.steps
        rest, found, cut = len(text) - at, [], False
        if len(steps) < len(self._settled):
            settled = self._settled[len(steps)]
            if settled.writer is None:
                return [None], False
            found = [x for x in self._eligible() if x.pieces[0].text == settled.piece.text]
        else:
            for writer in self._eligible():
                piece = writer.pieces[0].text
                if text.startswith(piece, at):
                    found.append(writer)
                elif len(piece) > rest and piece.startswith(text[at:]):
                    cut = True
        if len(found) > 1:
            last = _unfinished(steps[-1]) if steps else self._before
            found.sort(key=lambda x: (x.process is not last, x.pieces[0].t, x.number))
        return [*found], cut

    def _eligible(self) -> Iterable[Writer]:
        if not self._width:
            return self.writers.values()
        processes: dict[ProcessLife, list[Writer]] = {}
        for writer in self.writers.values():
            processes.setdefault(writer.process, []).append(writer)
        for writers in processes.values():
            writers.sort(key=lambda x: x.pieces[0].t)
        return [writer for writers in processes.values() for writer in writers[: self._width]]

    def _take(self, writer: Writer | None, sure: bool) -> None:
        if writer is None:
            self.insert(self._settled[len(self.steps)].piece)
            return
        piece = writer.pieces.popleft()
        if not writer.pieces:
            del self.writers[writer.number]
        self.waiting -= 1
        self.steps.append(Step(writer, piece, sure))
        self.at += len(piece.text)

    def _undo(self) -> None:
        writer, piece, _ = self.steps.pop()
        self.at -= len(piece.text)
        if writer is not None:
            writer.pieces.appendleft(piece)
            self.writers[writer.number] = writer
            self.waiting += 1

    def _search(self, final: bool) -> bool:
        """Change earlier steps so that the text goes on; else keep those that led furthest.

        Returns True if settled pieces changed owner.
        """
        self._settled = settled = self.steps[: self.shown]
        goal = min(len(self.text), self.at + _AHEAD)
        found = False
        for width in _WIDTHS if self._hopeful() else ():
            self._width = width
            found = found or self._wander(goal, final)
        self._tries = _TRIES if found else max(_LEAST_TRIES, self._tries // 2)
        self._stuck = -1 if found else self.at
        self._settled, self._width = [], 0
        return self._change_hands(settled)

    def _hopeful(self) -> bool:
        """True if any piece has the next character. If not, another program wrote it."""
        letter = self.text[self.at]
        return any(letter in step.piece.text for step in self.steps) or any(
            letter in piece.text for writer in self.writers.values() for piece in writer.pieces
        )

    def _wander(self, goal: int, final: bool) -> bool:
        """Go back and forth until the text is explained up to ``goal``. Returns True if it is."""
        best, reach, shared = self.steps[:], self.at, len(self.steps)
        writers = [*self._known.values()]
        dead: set[tuple[int, ...]] = set()
        for _ in range(self._tries):
            heads, cut = self._heads()
            if self.at >= goal or (cut and not final):
                return True
            for head in heads:
                self._take(head, len(heads) == 1 and self._width == _WIDTHS[-1])
                if _state(writers) not in dead:
                    break
                self._undo()
            else:
                if self.at > reach:
                    best, reach, shared = self.steps[:], self.at, len(self.steps)
                dead.add(_state(writers))
                if not self.steps:
                    break
                self._undo()
                shared = min(shared, len(self.steps))
        while len(self.steps) > shared:
            self._undo()
        for step in best[shared:]:
            self._take(step.writer, step.sure)
        return False

    def _change_hands(self, settled: list[Step]) -> bool:
        """Keep settled pieces where they were shown. A piece found there now takes the place of the
        settled one among the writer's other pieces. Returns True if there are any.
        """
        now = self.steps[: len(settled)]
        before, after = {id(step.piece) for step in settled}, {id(step.piece) for step in now}
        others: dict[str, list[Piece]] = {}
        for step in now:
            if id(step.piece) not in before:
                others.setdefault(step.piece.text, []).append(step.piece)
        if not others:
            return False
        ahead = {id(step.piece): at for at, step in enumerate(self.steps)}
        for writer, piece, _ in settled:
            if id(piece) in after or writer is None:
                continue
            other, at = others[piece.text].pop(), ahead.get(id(piece))
            if at is None:
                writer.pieces[writer.pieces.index(piece)] = other
            else:
                self.steps[at] = self.steps[at]._replace(piece=other)
        for at, step in enumerate(settled):
            self.steps[at] = self.steps[at]._replace(piece=step.piece)
        return True


def _unfinished(step: Step) -> ProcessLife | None:
    """The process that wrote the step's piece, unless the end of a line flushed it."""
    return None if step.writer is None or step.piece.text.endswith("\n") else step.writer.process


def _state(writers: list[Writer]) -> tuple[int, ...]:
    return tuple([len(writer.pieces) for writer in writers])
