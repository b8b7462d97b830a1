"""Compressed frames of a recording, unpacked no further than a frame may be long."""

from __future__ import annotations

import zlib

from app.errors import BadFrame
from app.timeline import frames as codec

#: One frame unpacked, the overview of a whole run among them: 1.7 million slices.
MOST_FRAME = 64 << 20


def unpacked(data: object) -> bytes:
    """The encoded frame. Raises BadFrame for what is none, or unpacks to another length than the
    frame itself gives.
    """
    if not isinstance(data, bytes):
        raise BadFrame("A frame is bytes, and no other value.")
    try:
        # What is no frame is found out by its first bytes, whatever it would unpack to.
        length = codec.length(zlib.decompressobj().decompress(data, codec.HEADER.size))
        if length > MOST_FRAME:
            raise BadFrame(f"A frame of a recording can't be {length} bytes long.")
        inflater = zlib.decompressobj()
        # A byte more than there may be tells a frame that goes on.
        frame = inflater.decompress(data, length + 1)
    except zlib.error as error:
        raise BadFrame(f"The frame can't be unpacked: {error}.") from error
    if len(frame) != length or not inflater.eof:
        raise BadFrame("The frame is cut short, or goes on after its end.")
    return frame
