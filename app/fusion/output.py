"""Whose words are these? The program's output, given to the track that wrote it.

What came out of the pipes is the truth; the probe's OUTPUT records tell who wrote which piece.
A process's pieces leave its buffer in their order, but several processes' writes mix: so each
process has a line of pieces, and only the heads of these lines can come next.
"""

from __future__ import annotations

import codecs
from collections import deque
from typing import NamedTuple

from app.fusion.book import Book

#: Text that no piece explains is given to the program itself after this time.
PATIENCE_NS = 300_000_000
#: How far a lost piece may be looked behind, and how many pieces of one process are kept.
_LOOK = 64
_KEPT = 20_000

STREAMS = {1: "stdout", 2: "stderr"}


class Piece(NamedTuple):
    track: int
    t: int
    text: str


class Output:
    """One stream of the program."""

    def __init__(self, book: Book, stream: str, root_track: int) -> None:
        self._book = book
        self._stream = stream
        self._root = root_track
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._lines: dict[int, deque[Piece]] = {}
        self._text = ""  # came out, not explained yet
        self._consumed = 0
        self._arrivals: deque[tuple[int, int]] = deque()  # (offset of a chunk's end, its time)
        self._writer = 0  # the process that wrote last, while its line is not complete
        self._row: tuple[int, int, str] | None = None

    def recorded(self, t: int, pid: int, track: int, text: str) -> None:
        """A probe's OUTPUT record."""
        if text:
            self._lines.setdefault(pid, deque(maxlen=_KEPT)).append(Piece(track, t, text))

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
        self._text += self._decoder.decode(b"", final=True)
        while self._text:
            self._skip(t)
        self._flush()
        self._lines.clear()

    def _match(self) -> None:
        while self._text and (found := self._next()) is not None:
            pid, piece = found
            self._take(pid, piece)

    def _next(self) -> tuple[int, Piece] | None:
        """The head that the text begins with: the last writer's first, then the oldest."""
        line = self._lines.get(self._writer)
        if line and self._text.startswith(line[0].text):
            return self._writer, line[0]
        found: tuple[int, Piece] | None = None
        for pid, line in self._lines.items():
            if line and (found is None or line[0].t < found[1].t):
                head = line[0]
                if self._text.startswith(head.text):
                    found = (pid, head)
        return found

    def _take(self, pid: int, piece: Piece) -> None:
        self._lines[pid].popleft()
        if not self._lines[pid]:
            del self._lines[pid]
        self._consume(len(piece.text))
        self._writer = 0 if piece.text.endswith("\n") else pid
        self._write(piece.track, piece.t, piece.text)

    def _give_up(self, t: int) -> None:
        """What waits too long is not explained by a head."""
        while self._text and t - self._arrivals[0][1] >= PATIENCE_NS:
            self._skip(t)
        self._flush()

    def _skip(self, t: int) -> None:
        """Explain the next line by a piece behind a lost one, else by the program itself."""
        for pid, line in self._lines.items():
            for index, piece in enumerate(line):
                if index >= _LOOK:
                    break
                if len(piece.text) > 1 and self._text.startswith(piece.text):
                    for _ in range(index):
                        line.popleft()
                    self._take(pid, piece)
                    self._match()
                    return
        heads = {line[0].text for line in self._lines.values() if line and len(line[0].text) > 1}
        end = self._text.find("\n") + 1 or len(self._text)
        inside = [at for head in heads if 0 < (at := self._text.find(head, 1)) < end]
        cut = min(inside, default=end)
        self._write(self._root, self._arrivals[0][1] if self._arrivals else t, self._text[:cut])
        self._consume(cut)
        self._match()

    def _consume(self, length: int) -> None:
        self._text = self._text[length:]
        self._consumed += length
        while self._arrivals and self._arrivals[0][0] <= self._consumed:
            self._arrivals.popleft()

    def _write(self, track: int, t: int, text: str) -> None:
        """Pieces of one line by one writer make one row."""
        row = self._row
        if row is not None and row[0] == track and not row[2].endswith("\n"):
            self._row = (track, row[1], row[2] + text)
            return
        self._flush()
        self._row = (track, t, text)

    def _flush(self) -> None:
        if self._row is not None:
            track, t, text = self._row
            self._row = None
            self._book.write_output(track, t, self._stream, text)
