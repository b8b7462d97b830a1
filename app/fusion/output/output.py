"""Whose words are these? The program's output, given to the track that wrote it.

What came out of the pipes is the truth of the text; the probe's OUTPUT records, each older than
the bytes it tells of, say who wrote which piece and when. Threads and processes overtake each
other: ``shuffle`` finds the order in which the pieces came out.
"""

from __future__ import annotations

import codecs
from collections import deque
from itertools import islice

from app.fusion.lives.lives import ThreadLife
from app.fusion.output.interleaving import BACK, Interleaving, Line, Piece
from app.fusion.picture.book import Book

#: Text that no piece explains is given to the program itself after this time, and text whose writer
#: is in doubt to the likeliest.
PATIENCE_NS = 300_000_000
#: What a process wrote and did not flush until so long after its end will not come out.
_DEAD_NS = 1_000_000_000
#: How far behind a piece that does not come out is looked, and how many pieces a stream keeps.
_LOOK = 64
_KEPT = 100_000

STREAMS = {1: "stdout", 2: "stderr"}


class _Row:
    """Pieces of one line by one writer, from its ``first`` time to its ``last``."""

    __slots__ = ("first", "last", "pieces", "track")

    def __init__(self, track: int, t: int, text: str) -> None:
        self.track = track
        self.first = self.last = t
        self.pieces = [text]


class Output:
    """One stream of the program. No byte is lost or made up: only whose it is may stay unknown.

    What could be two writers' words, as far as is known, is told when what they wrote next has come
    out, or their last.
    """

    def __init__(self, book: Book, stream: str, root_track: int) -> None:
        self._book = book
        self._stream = stream
        self._root = root_track
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._shuffle = Interleaving()
        self._came = self._told = 0  # characters
        self._arrivals: deque[tuple[int, int]] = deque()  # (a chunk's end, its time), if untold
        self._row: _Row | None = None
        self._latest: dict[int, int] = {}  # the last time in each track's rows

    def recorded(self, t: int, life: ThreadLife, track: int, text: str) -> None:
        """A probe's OUTPUT record of this thread; ``track`` is the coroutine's, where one spoke."""
        if not text:
            return
        shuffle = self._shuffle
        shuffle.add(life.track.id, life.process, Piece(track, t, text))
        if shuffle.waiting > _KEPT:
            shuffle.drop_oldest(_KEPT // 16)

    def came_out(self, t: int, data: bytes) -> None:
        """Bytes read from the pipe."""
        text = self._decoder.decode(data)
        if not text:
            return
        if not self._book.facts.probe:
            self._write(self._root, t, text)
            self._flush()
            return
        self._add(t, text)
        self._bury(t)
        self._explain()
        if self._arrivals:
            self._book.timer(t + PATIENCE_NS, self._give_up)

    def finish(self, t: int) -> None:
        """Nothing more comes: unexplained text is the program's, unwritten pieces are dropped."""
        rest = self._decoder.decode(b"", final=True)
        if rest:
            self._add(t, rest)
        self._settle(t)
        self._shuffle = Interleaving()

    def _add(self, t: int, text: str) -> None:
        self._shuffle.text += text
        self._came += len(text)
        self._arrivals.append((self._came, t))

    def _explain(self, final: bool = False) -> None:
        """Explain the text as far as the lines do, and tell what is not in doubt."""
        shuffle = self._shuffle
        if shuffle.explain(final):
            self._flush()  # what comes out now was written after what has changed hands
        steps = shuffle.steps
        while shuffle.told < len(steps) and (
            not shuffle.waiting
            or steps[shuffle.told].sure
            or self._came - self._told > BACK + len(shuffle.text) - shuffle.at
        ):
            self._tell()
        self._flush()
        shuffle.forget()

    def _tell(self) -> None:
        """The next step is settled."""
        track, t, text = self._shuffle.steps[self._shuffle.told].piece
        self._write(track, t, text)
        self._shuffle.told += 1
        self._told += len(text)
        while self._arrivals and self._arrivals[0][0] <= self._told:
            self._arrivals.popleft()

    def _give_up(self, t: int) -> None:
        self._settle(t - PATIENCE_NS)

    def _settle(self, t: int) -> None:
        """Tell all that came out until ``t``, explained or not."""
        shuffle = self._shuffle
        while self._arrivals and self._arrivals[0][1] <= t:
            if shuffle.told < len(shuffle.steps):
                self._tell()
                continue
            reached = shuffle.at
            if shuffle.explain(final=True):
                self._flush()
            if shuffle.at == reached:
                self._skip()
        self._explain()

    def _skip(self) -> None:
        """Explain the next line by pieces behind others or by the beginning of a piece, else
        by the program itself."""
        shuffle = self._shuffle
        behind, begun = self._behind(), self._begun()
        if behind is not None:
            shuffle.set_aside(*behind)
        elif begun is not None:
            piece, text = begun.pieces[0], shuffle.text[shuffle.at :]
            begun.pieces[0] = piece._replace(text=piece.text[len(text) :])
            shuffle.insert(piece._replace(text=text))
        else:
            text, at = shuffle.text, shuffle.at
            heads = {line.pieces[0].text for line in shuffle.lines.values()}
            end = text.find("\n", at) + 1 or len(text)
            inside = [text.find(head, at + 1, end) for head in heads if len(head) > 1]
            cut = min((found for found in inside if found > 0), default=end)
            shuffle.insert(Piece(self._root, self._arrivals[0][1], text[at:cut]))

    def _behind(self) -> tuple[Line, int] | None:
        """The line of pieces that come next though others stand before them, and how many do; of
        several lines the one that wrote them first."""
        found: list[tuple[int, int, Line]] = []
        text, at = self._shuffle.text, self._shuffle.at
        for line in self._shuffle.lines.values():
            pieces = list(islice(line.pieces, _LOOK))
            for index in range(1, len(pieces)):
                if _reaches(pieces, index, text, at):
                    found.append((pieces[index].t, index, line))
                    break
        if not found:
            return None
        _, index, line = min(found, key=lambda item: item[:2])
        return line, index

    def _begun(self) -> Line | None:
        """The line of a piece of which only this much came out: a pipe was full, or a death came
        between."""
        shuffle = self._shuffle
        rest = len(shuffle.text) - shuffle.at
        longest = max((len(line.pieces[0].text) for line in shuffle.lines.values()), default=0)
        if 1 < rest <= longest:
            text = shuffle.text[shuffle.at :]
            for line in self._shuffle.lines.values():
                if line.pieces[0].text.startswith(text):
                    return line
        return None

    def _bury(self, t: int) -> None:
        """Forget what processes wrote that were long gone when this text came out."""
        for line in list(self._shuffle.lines.values()):
            if line.process.exit_ns is not None and t - line.process.exit_ns > _DEAD_NS:
                self._shuffle.drop(line, len(line.pieces))

    def _write(self, track: int, t: int, text: str) -> None:
        """Pieces of one line by one writer make one row, if no piece of it came out before that
        was written between them."""
        row, latest = self._row, self._latest.get(track, t)
        unfinished = row is not None and row.pieces[-1][-1] != "\n"
        if row is not None and row.track == track and row.last == latest <= t and unfinished:
            row.last = t
            row.pieces.append(text)
        else:
            self._flush()
            self._row = _Row(track, t, text)
        self._latest[track] = max(latest, t)

    def _flush(self) -> None:
        if self._row is not None:
            row, self._row = self._row, None
            self._book.write_output(row.track, row.first, self._stream, "".join(row.pieces))


def _reaches(pieces: list[Piece], index: int, text: str, at: int) -> bool:
    """Whether the pieces from ``index`` on make up the text's next two characters or more."""
    begin = at
    while at - begin < 2 and index < len(pieces) and text.startswith(pieces[index].text, at):
        at += len(pieces[index].text)
        index += 1
    return at - begin > 1
