"""Unpacks the compressed frames of a recording, up to the longest frame allowed."""

from __future__ import annotations

import zlib

from app.errors import BadFrame
from app.timeline import frames as codec

#: The longest frame, unpacked. An overview of a whole run has up to 1.7 million slices.
MOST_FRAME = 64 << 20


def unpacked(data: object) -> bytes:
    """The encoded frame. Raises BadFrame if it is none, or not as long as its header says."""
    if not isinstance(data, bytes):
        raise BadFrame("A frame is bytes, and no other value.")
    try:
        # The first bytes show whether it is a frame, before the rest is unpacked.
        length = codec.length(zlib.decompressobj().decompress(data, codec.HEADER.size))
        if length > MOST_FRAME:
            raise BadFrame(f"A frame of a recording can't be {length} bytes long.")
        inflater = zlib.decompressobj()
        # One byte more than allowed reveals a frame that is too long.
        frame = inflater.decompress(data, length + 1)
    except zlib.error as error:
        raise BadFrame(f"The frame can't be unpacked: {error}.") from error
    if len(frame) != length or not inflater.eof:
        raise BadFrame("The frame is cut short, or goes on after its end.")
    return frame
