"""Frames that tell something of the run as a whole, read and amended without the rest."""

from __future__ import annotations

import json
from typing import Any

from app.errors import BadFrame
from app.timeline import frames as codec


def telling_head(frame: bytes) -> dict[str, Any]:
    """The head of a frame that begins or ends the run; empty for all the others."""
    length = codec.HEADER.unpack_from(frame)[5]
    text = frame[codec.HEADER.size : codec.HEADER.size + length]
    if b'"run"' not in text and b'"state"' not in text:
        return {}
    try:
        head = json.loads(text)
    except ValueError as error:
        raise BadFrame("The frame's head is not the JSON object it should be.") from error
    return head if isinstance(head, dict) else {}


def saying(frame: bytes, sentence: str) -> bytes:
    """The frame, which also tells its viewers that the recording has failed."""
    decoded = codec.decode(frame)
    head = decoded.head
    head["run"] = {**head.get("run", {}), "recording": sentence}
    head["failure"] = " ".join(filter(None, (head.get("failure"), sentence)))
    return codec.encode(decoded)
