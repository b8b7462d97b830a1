"""Which pieces, one after the other, make up a text that several writers wrote at once.

Each writer's pieces come out in its own order, so the text is a shuffle of the writers' lines. How
far each line has come says how far the text has: that is a state, and a state from which the text
does not go on need not be tried again, whatever way led to it. So the steps back and forth that
find the shuffle are bounded by the states near the likeliest way, which is that of the times.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

from app.fusion.lives.lives import ProcessLife

#: A search takes at first only the oldest piece of each process, then also so many younger ones,
#: at last any, because threads seldom stop between what they record and what they write.
_WIDTHS = (1, 3, 1 << 30)
#: Each of these tries so many steps, until so many characters more are explained; fewer after
#: searches in vain, as where another program writes between all lines.
_TRIES = 1024
_LEAST_TRIES = 64
_AHEAD = 64
#: How many characters can be gone back.
BACK = 1 << 14


class Piece(NamedTuple):
    track: int
    t: int
    text: str


class Line:
    """One thread's pieces that did not come out yet, in the order it wrote them."""

    __slots__ = ("number", "pieces", "process")

    def __init__(self, number: int, process: ProcessLife) -> None:
        self.number = number
        self.process = process
        self.pieces: deque[Piece] = deque()


class Step(NamedTuple):
    """The piece that came next, and its line; ``sure`` where no other line's could have."""

    line: Line | None
    piece: Piece
    sure: bool


class Interleaving:
    """A text that grows, and the lines that grow beside it.

    ``steps`` make up ``text`` up to ``at``. The first ``told`` of them are settled: only a piece of
    the same text can still turn out to have stood there, and they then change hands.
    """

    def __init__(self) -> None:
        self.text = ""
        self.at = 0
        self.steps: list[Step] = []
        self.told = 0
        self.waiting = 0
        self.lines: dict[int, Line] = {}  # those with pieces left
        self._known: dict[int, Line] = {}
        self._before: ProcessLife | None = None  # whose unfinished line stood before all steps
        self._stuck = -1  # the last search came no further
        self._settled: list[Step] = []  # during a search, and how many lines of each process
        self._width = 0
        self._tries = _TRIES
        self._aside = 0

    def add(self, number: int, process: ProcessLife, piece: Piece) -> None:
        """The next piece of the line of this number."""
        line = self._known.get(number)
        if line is None:
            line = self._known[number] = Line(number, process)
        line.pieces.append(piece)
        self.lines[number] = line
        self.waiting += 1

    def drop(self, line: Line, count: int) -> None:
        """The next ``count`` pieces of the line will not come out."""
        for _ in range(count):
            line.pieces.popleft()
        self.waiting -= count
        if not line.pieces:
            del self.lines[line.number]

    def drop_oldest(self, count: int) -> None:
        """The ``count`` pieces that were written first will not come out."""
        first = [(line.pieces[0].t, line.number) for line in self.lines.values()]
        heapq.heapify(first)
        for _ in range(count):
            _, number = heapq.heappop(first)
            line = self.lines[number]
            self.drop(line, 1)
            if line.pieces:
                heapq.heappush(first, (line.pieces[0].t, number))

    def set_aside(self, line: Line, count: int) -> None:
        """The next ``count`` pieces of the line may come out later than those behind them.

        Where a thread of CPython waits for the buffer's lock with what others gave it to write,
        one of these may write its next words before.
        """
        self._aside -= 1
        late = self._known[self._aside] = self.lines[self._aside] = Line(self._aside, line.process)
        for _ in range(count):
            late.pieces.append(line.pieces.popleft())

    def insert(self, piece: Piece) -> None:
        """A piece of no line comes next."""
        self.steps.append(Step(None, piece, True))
        self.at += len(piece.text)

    def explain(self, final: bool = False) -> bool:
        """Go on as far as pieces explain the text; whether settled ones changed hands.

        While the text is not ``final``, what may be the beginning of a piece is left to wait.
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
        """Let go of settled steps that are far behind, or that nothing can prove wrong."""
        count, length = self.told, self.at
        if self.waiting or count < len(self.steps):
            count = length = 0
            if self.at > 2 * BACK:
                while count < self.told and self.at - length > BACK:
                    length += len(self.steps[count].piece.text)
                    count += 1
        if count:
            self._before = _unfinished(self.steps[count - 1])
            del self.steps[:count]
            self.told -= count
            self.text = self.text[length:]
            self.at -= length
            self._stuck -= length
        if not self.waiting and not self.steps:
            self._known.clear()

    def _heads(self) -> tuple[list[Line | None], bool]:
        """The lines whose pieces can come next, the likeliest first, and whether a further piece is
        cut off by the text's end.

        A process writes its buffer out at once, so first comes the one whose line is unfinished;
        then what was written first.
        """
        text, at, steps = self.text, self.at, self.steps
        rest, found, cut = len(text) - at, [], False
        if len(steps) < len(self._settled):
            settled = self._settled[len(steps)]
            if settled.line is None:
                return [None], False
            found = [x for x in self._eligible() if x.pieces[0].text == settled.piece.text]
        else:
            for line in self._eligible():
                piece = line.pieces[0].text
                if text.startswith(piece, at):
                    found.append(line)
                elif len(piece) > rest and piece.startswith(text[at:]):
                    cut = True
        if len(found) > 1:
            last = _unfinished(steps[-1]) if steps else self._before
            found.sort(key=lambda x: (x.process is not last, x.pieces[0].t, x.number))
        return [*found], cut

    def _eligible(self) -> Iterable[Line]:
        if not self._width:
            return self.lines.values()
        processes: dict[ProcessLife, list[Line]] = {}
        for line in self.lines.values():
            processes.setdefault(line.process, []).append(line)
        for lines in processes.values():
            lines.sort(key=lambda x: x.pieces[0].t)
        return [line for lines in processes.values() for line in lines[: self._width]]

    def _take(self, line: Line | None, sure: bool) -> None:
        if line is None:
            self.insert(self._settled[len(self.steps)].piece)
            return
        piece = line.pieces.popleft()
        if not line.pieces:
            del self.lines[line.number]
        self.waiting -= 1
        self.steps.append(Step(line, piece, sure))
        self.at += len(piece.text)

    def _undo(self) -> None:
        line, piece, _ = self.steps.pop()
        self.at -= len(piece.text)
        if line is not None:
            line.pieces.appendleft(piece)
            self.lines[line.number] = line
            self.waiting += 1

    def _search(self, final: bool) -> bool:
        """Change earlier steps so that the text goes on; else keep those that led furthest. Whether
        settled pieces changed hands."""
        self._settled = settled = self.steps[: self.told]
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
        """Whether the next character is in any piece at all; else another program wrote it."""
        letter = self.text[self.at]
        return any(letter in step.piece.text for step in self.steps) or any(
            letter in piece.text for line in self.lines.values() for piece in line.pieces
        )

    def _wander(self, goal: int, final: bool) -> bool:
        """Go back and forth until the text is explained up to ``goal``; whether it could be."""
        best, reach, shared = self.steps[:], self.at, len(self.steps)
        lines = [*self._known.values()]
        dead: set[tuple[int, ...]] = set()
        for _ in range(self._tries):
            heads, cut = self._heads()
            if self.at >= goal or (cut and not final):
                return True
            for head in heads:
                self._take(head, len(heads) == 1 and self._width == _WIDTHS[-1])
                if _state(lines) not in dead:
                    break
                self._undo()
            else:
                if self.at > reach:
                    best, reach, shared = self.steps[:], self.at, len(self.steps)
                dead.add(_state(lines))
                if not self.steps:
                    break
                self._undo()
                shared = min(shared, len(self.steps))
        while len(self.steps) > shared:
            self._undo()
        for step in best[shared:]:
            self._take(step.line, step.sure)
        return False

    def _change_hands(self, settled: list[Step]) -> bool:
        """Settled pieces stay where they were told to be; the ones that came out there take the
        place of those in the lines. Whether there are any."""
        now = self.steps[: len(settled)]
        before, after = {id(step.piece) for step in settled}, {id(step.piece) for step in now}
        others: dict[str, list[Piece]] = {}
        for step in now:
            if id(step.piece) not in before:
                others.setdefault(step.piece.text, []).append(step.piece)
        if not others:
            return False
        ahead = {id(step.piece): at for at, step in enumerate(self.steps)}
        for line, piece, _ in settled:
            if id(piece) in after or line is None:
                continue
            other, at = others[piece.text].pop(), ahead.get(id(piece))
            if at is None:
                line.pieces[line.pieces.index(piece)] = other
            else:
                self.steps[at] = self.steps[at]._replace(piece=other)
        for at, step in enumerate(settled):
            self.steps[at] = self.steps[at]._replace(piece=step.piece)
        return True


def _unfinished(step: Step) -> ProcessLife | None:
    """The process that wrote the step's piece, if a line's end did not flush it."""
    return None if step.line is None or step.piece.text.endswith("\n") else step.line.process


def _state(lines: list[Line]) -> tuple[int, ...]:
    return tuple([len(line.pieces) for line in lines])
