"""The body of an answer, inflated piece by piece: a small one cannot become large in memory."""

from __future__ import annotations

import zlib

import aiohttp

from tracker.feeds.errors import FeedMalformed

_CHUNK = 1 << 16
_ENCODED = ("gzip", "x-gzip", "deflate")
_ANY_ZLIB = 47


class TooLarge(Exception):
    """More bytes came than the cap allows."""


class BrokenOff(Exception):
    """The compressed body ended before its end, or is no compressed body."""


async def decoded(answer: aiohttp.ClientResponse, cap: int) -> bytes:
    """The body, of at most `cap` decoded bytes: no more than that is ever held.

    Raises TooLarge, BrokenOff, and FeedMalformed for an encoding that was not asked for.
    """
    encoding = answer.headers.get("Content-Encoding", "identity").strip().casefold()
    if encoding not in ("", "identity", *_ENCODED):
        raise FeedMalformed("body", "is encoded in a way that was not asked for")
    inflater = zlib.decompressobj(_ANY_ZLIB) if encoding in _ENCODED else None
    body = bytearray()
    async for chunk in answer.content.iter_chunked(_CHUNK):
        try:
            body += inflater.decompress(chunk, cap + 1 - len(body)) if inflater else chunk
        except zlib.error:
            raise BrokenOff from None
        if len(body) > cap:
            raise TooLarge
    if inflater is not None and body and not inflater.eof:
        raise BrokenOff
    return bytes(body)
