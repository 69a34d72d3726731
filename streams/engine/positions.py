"""The position in the inputs, kept in the changelog beside the state it belongs to."""

from collections.abc import Mapping
from typing import Final

import msgspec

from streams.engine.state import RESERVED

POSITION_KEY: Final = RESERVED + b"position"

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(dict[str, int])


def encode_position(position: Mapping[str, int]) -> bytes:
    """Return the changelog value for the next offset to apply of each input topic."""
    return _encoder.encode(position)


def decode_position(value: bytes) -> dict[str, int]:
    """Return the next offset to apply of each input topic."""
    return _decoder.decode(value)
