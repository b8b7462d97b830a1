"""Heads of the frames that begin and end a run, read and amended without decoding the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.errors import BadFrame, Sentence, TimesliceError, sentences, told
from app.runs import schema
from app.timeline import frames as codec


def run_head(frame: bytes) -> dict[str, Any]:
    """The head of a frame that begins or ends the run; empty for every other frame.

    Raises BadFrame for a head that can't be: the program may have manipulated its worker.
    """
    length = codec.HEADER.unpack_from(frame)[5]
    text = frame[codec.HEADER.size : codec.HEADER.size + length]
    if b'"run"' not in text and b'"state"' not in text:
        return {}
    try:
        head = schema.parsed(schema.RUN_HEAD, text)
        return dict(head)
    except ValueError as error:
        raise BadFrame(f"The frame's head is not what it should be: {error}.") from error


def with_failure(frame: bytes, failure: TimesliceError) -> bytes:
    """The frame, with the sentence that the recording has failed added to its head."""
    decoded = codec.decode(frame)
    head, sentence = decoded.head, failure.sentence
    earlier = head.get("failure")
    words = {"recording": sentence, "recording_told": told([sentence])}
    head["run"] = {**head.get("run", {}), **words}
    head["failure"] = " ".join(filter(None, (earlier, sentence)))
    before = head.get("failure_told", told([earlier or ""]))
    head["failure_told"] = before + told([sentence])
    return codec.encode(decoded)


def failure_head(sentence: str) -> dict[str, Any]:
    """The entries of a head, or of a recording, for a failure: in English, and with its template,
    so that it can be translated."""
    return {"failure": sentence, "failure_told": told([sentence])}


def failure_of(head: Mapping[str, Any]) -> Sentence | None:
    """The sentence of such a head; without a template it stays in English."""
    text = head.get("failure")
    if not text:
        return None
    found = sentences(head.get("failure_told") or [])
    return found[0] if len(found) == 1 else Sentence(str(text))
