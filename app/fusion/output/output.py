"""The program's output, each piece given to the track that wrote it.

The text is what came out of the pipes. The probe's OUTPUT records, each older than its bytes, say
which thread wrote which piece, and when. Threads and processes overtake one another, so
``interleaving`` finds the order in which the pieces came out.
"""

from __future__ import annotations

import codecs
from collections import deque
from itertools import islice

from app.fusion.lives.lives import ThreadLife
from app.fusion.output.interleaving import BACK, Interleaving, Piece, Writer
from app.fusion.picture.book import Book

#: After this time, text that no piece explains is given to the program itself, and text whose
#: writer is in doubt to the likeliest one.
PATIENCE_NS = 300_000_000
#: What a process wrote and did not flush will not come out this long after its end.
_DEAD_NS = 1_000_000_000
#: How many pieces behind one that does not come out are tried, and how many a stream keeps.
_LOOK = 64
_KEPT = 100_000

STREAMS = {1: "stdout", 2: "stderr"}


class _Row:
    """Pieces of one line of text by one writer, from its ``first`` time to its ``last``."""

    __slots__ = ("first", "last", "pieces", "track")

    def __init__(self, track: int, t: int, text: str) -> None:
        self.track = track
        self.first = self.last = t
        self.pieces = [text]


class Output:
    """One stream of the program. No byte is lost or made up; only its writer may stay unknown.

    A piece that could be from either of two writers is shown when their next pieces have come out,
    or their last ones.
    """

    def __init__(self, book: Book, stream: str, root_track: int) -> None:
        self._book = book
        self._stream = stream
        self._root = root_track
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._order = Interleaving()
        self._came = self._shown = 0  # characters
        self._arrivals: deque[tuple[int, int]] = deque()  # (end of a chunk, its time), if not shown
        self._row: _Row | None = None
        self._latest: dict[int, int] = {}  # the last time in each track's rows

    def recorded(self, t: int, life: ThreadLife, track: int, text: str) -> None:
        """An OUTPUT record of this thread. ``track`` is the coroutine's if one wrote it."""
        if not text:
            return
        order = self._order
        order.add(life.track.id, life.process, Piece(track, t, text))
        if order.waiting > _KEPT:
            order.drop_oldest(_KEPT // 16)

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
        """The run is over: text without a writer is the program's own; other pieces are dropped."""
        rest = self._decoder.decode(b"", final=True)
        if rest:
            self._add(t, rest)
        self._settle(t)
        self._order = Interleaving()

    def _add(self, t: int, text: str) -> None:
        self._order.text += text
        self._came += len(text)
        self._arrivals.append((self._came, t))

    def _explain(self, final: bool = False) -> None:
        """Explain the text as far as the pieces do, and show what is not in doubt."""
        order = self._order
        if order.explain(final):
            self._flush()  # what comes out now was written after the pieces that changed owner
        steps = order.steps
        while order.shown < len(steps) and (
            not order.waiting
            or steps[order.shown].sure
            or self._came - self._shown > BACK + len(order.text) - order.at
        ):
            self._show()
        self._flush()
        order.forget()

    def _show(self) -> None:
        """Show the next step, which settles it."""
        track, t, text = self._order.steps[self._order.shown].piece
        self._write(track, t, text)
        self._order.shown += 1
        self._shown += len(text)
        while self._arrivals and self._arrivals[0][0] <= self._shown:
            self._arrivals.popleft()

    def _give_up(self, t: int) -> None:
        self._settle(t - PATIENCE_NS)

    def _settle(self, t: int) -> None:
        """Show all that came out until ``t``, explained or not."""
        order = self._order
        while self._arrivals and self._arrivals[0][1] <= t:
            if order.shown < len(order.steps):
                self._show()
                continue
            reached = order.at
            if order.explain(final=True):
                self._flush()
            if order.at == reached:
                self._skip()
        self._explain()

    def _skip(self) -> None:
        """Explain the next line by pieces behind others or by the beginning of a piece; else give
        it to the program itself.
        """
        order = self._order
        behind, begun = self._behind(), self._begun()
        if behind is not None:
            order.set_aside(*behind)
        elif begun is not None:
            piece, text = begun.pieces[0], order.text[order.at :]
            begun.pieces[0] = piece._replace(text=piece.text[len(text) :])
            order.insert(piece._replace(text=text))
        else:
            text, at = order.text, order.at
            heads = {writer.pieces[0].text for writer in order.writers.values()}
            end = text.find("\n", at) + 1 or len(text)
            inside = [text.find(head, at + 1, end) for head in heads if len(head) > 1]
            cut = min((found for found in inside if found > 0), default=end)
            order.insert(Piece(self._root, self._arrivals[0][1], text[at:cut]))

    def _behind(self) -> tuple[Writer, int] | None:
        """The writer whose pieces come next though others stand before them, and how many do. Of
        several writers, the one that wrote them first.
        """
        found: list[tuple[int, int, Writer]] = []
        text, at = self._order.text, self._order.at
        for writer in self._order.writers.values():
            pieces = list(islice(writer.pieces, _LOOK))
            for index in range(1, len(pieces)):
                if _reaches(pieces, index, text, at):
                    found.append((pieces[index].t, index, writer))
                    break
        if not found:
            return None
        _, index, writer = min(found, key=lambda item: item[:2])
        return writer, index

    def _begun(self) -> Writer | None:
        """The writer of a piece of which only the beginning came out, because a pipe was full or
        the process died.
        """
        order = self._order
        rest = len(order.text) - order.at
        longest = max((len(writer.pieces[0].text) for writer in order.writers.values()), default=0)
        if 1 < rest <= longest:
            text = order.text[order.at :]
            for writer in self._order.writers.values():
                if writer.pieces[0].text.startswith(text):
                    return writer
        return None

    def _bury(self, t: int) -> None:
        """Drop the pieces of processes that had ended long before this text came out."""
        for writer in list(self._order.writers.values()):
            if writer.process.exit_ns is not None and t - writer.process.exit_ns > _DEAD_NS:
                self._order.drop(writer, len(writer.pieces))

    def _write(self, track: int, t: int, text: str) -> None:
        """Pieces of one line of text by one writer make one row, unless a piece that the writer
        wrote between them came out before.
        """
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
    """True if the pieces from ``index`` on make up at least the next two characters."""
    begin = at
    while at - begin < 2 and index < len(pieces) and text.startswith(pieces[index].text, at):
        at += len(pieces[index].text)
        index += 1
    return at - begin > 1
