"""Whose words are these? The program's output, given to the track that wrote it.

What came out of the pipes is the truth of the text; the probe's OUTPUT records, each older than
the bytes it tells of, say who wrote which piece and when. A thread's pieces come out in its order,
but threads and processes overtake each other: so each thread has a line of pieces, and the text is
explained by those at the heads of the lines.
"""

from __future__ import annotations

import codecs
from collections import deque
from typing import NamedTuple

from app.fusion.book import Book
from app.fusion.lives import ProcessLife, ThreadLife

#: Text that no piece explains is given to the program itself after this time.
PATIENCE_NS = 300_000_000
#: What a process wrote and did not flush until so long after its end will not come out.
_DEAD_NS = 1_000_000_000
#: How far a lost piece may be looked behind, and how many pieces are kept for one stream.
_LOOK = 64
_KEPT = 100_000
#: An explanation looks so many pieces ahead, and tries at most so many.
_AHEAD = 64
_TRIES = 512

STREAMS = {1: "stdout", 2: "stderr"}


class Piece(NamedTuple):
    track: int
    t: int
    text: str


class Line:
    """One thread's pieces that did not come out yet, in the order it wrote them."""

    __slots__ = ("pieces", "process")

    def __init__(self, process: ProcessLife) -> None:
        self.process = process
        self.pieces: deque[Piece] = deque()


class Explanation:
    """The heads, one after the other, that make up a text from ``start`` on.

    ``path`` names their lines and is as long as could be found. Where several pieces fit, that one
    is taken whose successors fit too; else one of the process that wrote ``last``, because a
    process writes its buffer out at once; else the oldest.
    """

    def __init__(
        self, text: str, start: int, lines: dict[int, Line], last: ProcessLife | None, final: bool
    ) -> None:
        self._text = text
        self._lines = lines
        self._final = final
        self._path: list[int] = []
        self._taken: dict[int, int] = {}
        self._tries = _TRIES
        self._reached = start
        self.path: list[int] = []
        self._explain(start, last)

    def _explain(self, at: int, last: ProcessLife | None) -> bool:
        if at > self._reached:
            self._reached = at
            self.path = self._path[:]
        if at == len(self._text) or len(self._path) == _AHEAD:
            return True
        heads, cut = self._heads(at)
        if cut and not self._final:
            return True  # the rest may be the beginning of a piece: more will come
        lines = self._lines
        heads.sort(key=lambda head: (lines[head[0]].process is not last, head[1].t))
        for number, piece in heads:
            if not self._tries:
                return False
            self._tries -= 1
            self._path.append(number)
            self._taken[number] = self._taken.get(number, 0) + 1
            if self._explain(at + len(piece.text), _unfinished(lines[number], piece)):
                return True
            self._path.pop()
            self._taken[number] -= 1
        return False

    def _heads(self, at: int) -> tuple[list[tuple[int, Piece]], bool]:
        """The pieces that can come next, and whether another one is cut off by the text's end."""
        text, rest = self._text, len(self._text) - at
        found, cut = [], False
        for number, line in self._lines.items():
            taken = self._taken.get(number, 0)
            if taken < len(line.pieces):
                piece = line.pieces[taken]
                if text.startswith(piece.text, at):
                    found.append((number, piece))
                elif len(piece.text) > rest and piece.text.startswith(text[at:]):
                    cut = True
        return found, cut


def _unfinished(line: Line, piece: Piece) -> ProcessLife | None:
    """The process that wrote ``piece``, if a line's end did not flush it."""
    return None if piece.text.endswith("\n") else line.process


class Output:
    """One stream of the program. No byte is lost or made up: only whose it is may stay unknown."""

    def __init__(self, book: Book, stream: str, root_track: int) -> None:
        self._book = book
        self._stream = stream
        self._root = root_track
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._lines: dict[int, Line] = {}  # by the thread's track
        self._kept = 0
        self._text = ""  # came out; explained up to ``_at``
        self._at = 0
        self._consumed = 0
        self._arrivals: deque[tuple[int, int]] = deque()  # (offset of a chunk's end, its time)
        self._last: ProcessLife | None = None  # who wrote last, while the text's line lasts
        self._recent: deque[tuple[int, Line, Piece]] = deque(maxlen=_LOOK)  # what came out last
        self._row: tuple[int, int, int, str] | None = None  # track, its first and last time, text
        self._latest: dict[int, int] = {}  # the last time in each track's rows

    def recorded(self, t: int, life: ThreadLife, track: int, text: str) -> None:
        """A probe's OUTPUT record of this thread; ``track`` is the coroutine's, where one spoke."""
        if not text:
            return
        line = self._lines.get(life.track.id)
        if line is None:
            line = self._lines[life.track.id] = Line(life.process)
        line.pieces.append(Piece(track, t, text))
        self._kept += 1
        if self._kept > _KEPT:
            self._drop(min(self._lines, key=lambda number: self._lines[number].pieces[0].t), 1)
        if self._text:
            self._match()
            self._flush()

    def came_out(self, t: int, data: bytes) -> None:
        """Bytes read from the pipe."""
        text = self._decoder.decode(data)
        if not text:
            return
        if not self._book.facts.probe:
            self._write(self._root, t, text)
            self._flush()
            return
        self._text += text
        self._arrivals.append((self._consumed + len(self._text), t))
        self._match()
        self._flush()
        if self._text:
            self._book.timer(t + PATIENCE_NS, self._give_up)

    def finish(self, t: int) -> None:
        """Nothing more comes: unexplained text is the program's, unwritten pieces are dropped."""
        rest = self._decoder.decode(b"", final=True)
        if rest:
            self._text += rest
            self._arrivals.append((self._consumed + len(self._text), t))
        self._match(final=True)
        while self._text:
            self._skip()
        self._flush()
        self._lines.clear()

    def _match(self, final: bool = False) -> None:
        """Explain the text as far as the lines do; what is left waits."""
        self._bury()
        while self._at < len(self._text):
            found = Explanation(self._text, self._at, self._lines, self._last, final).path
            if not found and not self._exchange():
                break
            for number in found:
                self._take(number)
        self._text, self._at = self._text[self._at :], 0

    def _exchange(self) -> bool:
        """Two threads wrote alike, a line's end say, and the wrong one's was taken before: let the
        other one's stand for it, if what comes next follows that. Whether it did."""
        latest: dict[str, tuple[int, Line, Piece]] = {}
        seen: set[int] = set()
        for number, line, piece in reversed(self._recent):
            if number not in seen:
                seen.add(number)
                latest.setdefault(piece.text, (number, line, piece))
        for number, line in self._lines.items():
            head = latest.get(line.pieces[0].text)
            if head is None or head[0] == number or len(line.pieces) < 2:
                continue
            if self._text.startswith(line.pieces[1].text, self._at):
                # What is alike has changed hands: each has its own words, at its own times.
                other = self._lines.setdefault(head[0], head[1])
                other.pieces.appendleft(line.pieces.popleft())
                self._recent.remove(head)
                self._flush()  # what comes out now was written after that piece
                return True
        return False

    def _bury(self) -> None:
        """Forget what processes wrote that were long gone when this text came out."""
        if not self._arrivals:
            return
        t = self._arrivals[0][1]
        for number, line in list(self._lines.items()):
            if line.process.exit_ns is not None and t - line.process.exit_ns > _DEAD_NS:
                self._drop(number, len(line.pieces))

    def _drop(self, number: int, count: int) -> None:
        pieces = self._lines[number].pieces
        for _ in range(count):
            pieces.popleft()
        self._kept -= count
        if not pieces:
            del self._lines[number]

    def _take(self, number: int) -> None:
        line = self._lines[number]
        piece = line.pieces[0]
        self._drop(number, 1)
        self._last = _unfinished(line, piece)
        self._recent.append((number, line, piece))
        self._consume(piece.track, piece.t, len(piece.text))

    def _give_up(self, t: int) -> None:
        """What waits too long is not explained by a head."""
        if self._text and t - self._arrivals[0][1] >= PATIENCE_NS:
            self._match(final=True)
        while self._text and t - self._arrivals[0][1] >= PATIENCE_NS:
            self._skip()
        self._flush()

    def _skip(self) -> None:
        """Explain the next line by a piece behind a lost one or by the beginning of a piece, else
        by the program itself."""
        behind, begun = self._behind(), self._begun()
        if behind is not None:
            self._drop(*behind)
            self._take(behind[0])
        elif begun is not None:
            piece, length = begun.pieces[0], len(self._text)
            begun.pieces[0] = piece._replace(text=piece.text[length:])
            self._consume(piece.track, piece.t, length)
        else:
            heads = {line.pieces[0].text for line in self._lines.values()}
            end = self._text.find("\n") + 1 or len(self._text)
            inside = [self._text.find(head, 1, end) for head in heads if len(head) > 1]
            cut = min((at for at in inside if at > 0), default=end)
            self._consume(self._root, self._arrivals[0][1], cut)
        self._match(final=True)

    def _behind(self) -> tuple[int, int] | None:
        """The line of a piece that comes next though others stand before it, and how many do."""
        for number, line in self._lines.items():
            for index, piece in enumerate(line.pieces):
                if index >= _LOOK:
                    break
                if len(piece.text) > 1 and self._text.startswith(piece.text):
                    return number, index
        return None

    def _begun(self) -> Line | None:
        """The line of a piece of which only this much came out: a pipe was full, or a death came
        between."""
        if len(self._text) > 1:
            for line in self._lines.values():
                if line.pieces[0].text.startswith(self._text):
                    return line
        return None

    def _consume(self, track: int, t: int, length: int) -> None:
        """The next ``length`` characters are this track's, written at ``t``."""
        self._write(track, t, self._text[self._at : self._at + length])
        self._at += length
        self._consumed += length
        while self._arrivals and self._arrivals[0][0] <= self._consumed:
            self._arrivals.popleft()

    def _write(self, track: int, t: int, text: str) -> None:
        """Pieces of one line by one writer make one row, if no piece of it came out before that
        was written between them."""
        row, latest = self._row, self._latest.get(track, t)
        if row is not None and row[0] == track and row[2] == latest <= t and row[3][-1] != "\n":
            self._row = (track, row[1], t, row[3] + text)
        else:
            self._flush()
            self._row = (track, t, t, text)
        self._latest[track] = max(latest, t)

    def _flush(self) -> None:
        if self._row is not None:
            track, t, _, text = self._row
            self._row = None
            self._book.write_output(track, t, self._stream, text)
