"""Frames that tell something of the run as a whole, read and amended without the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.errors import BadFrame, Sentence, TimesliceError, sentences, told
from app.runs import schema
from app.timeline import frames as codec


def telling_head(frame: bytes) -> dict[str, Any]:
    """What the head of a frame that begins or ends the run says of it; empty for all others.

    Raises BadFrame where a worker, which its own program may have got at, says what can't be.
    """
    length = codec.HEADER.unpack_from(frame)[5]
    text = frame[codec.HEADER.size : codec.HEADER.size + length]
    if b'"run"' not in text and b'"state"' not in text:
        return {}
    try:
        head = schema.parsed(schema.TELLING, text)
        return dict(head)
    except ValueError as error:
        raise BadFrame(f"The frame's head is not what it should be: {error}.") from error


def saying(frame: bytes, failure: TimesliceError) -> bytes:
    """The frame, which also tells its viewers that the recording has failed."""
    decoded = codec.decode(frame)
    head, sentence = decoded.head, failure.sentence
    earlier = head.get("failure")
    words = {"recording": sentence, "recording_told": told([sentence])}
    head["run"] = {**head.get("run", {}), **words}
    head["failure"] = " ".join(filter(None, (earlier, sentence)))
    before = head.get("failure_told", told([earlier or ""]))
    head["failure_told"] = before + told([sentence])
    return codec.encode(decoded)


def failing(sentence: str) -> dict[str, Any]:
    """What a head, or a recording, says of a failure: in English, and so that it translates."""
    return {"failure": sentence, "failure_told": told([sentence])}


def failure_of(head: Mapping[str, Any]) -> Sentence | None:
    """The sentence of such a head; one without its template is told as it is."""
    text = head.get("failure")
    if not text:
        return None
    found = sentences(head.get("failure_told") or [])
    return found[0] if len(found) == 1 else Sentence(str(text))
