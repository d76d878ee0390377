"""Local servers with TLS, whose certificates are valid, expired or signed by no one."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

FOLDER = Path(__file__).parents[1] / "fixtures" / "tls"

OWN = FOLDER / "localhost.pem"
"""A certificate for localhost that no authority has signed, with its key."""

EXPIRED = FOLDER / "expired.pem"
"""A certificate for localhost that expired in 2020, with its key."""


@asynccontextmanager
async def over_tls(
    app: web.Application, certificate: Path = OWN, port: int = 0
) -> AsyncIterator[int]:
    """Serve an application on this machine; gives its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port, ssl_context=context)
    await site.start()
    try:
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()
