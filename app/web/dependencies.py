"""What a handler asks FastAPI for: the site, the reader's language, and who asks."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from app.web.site import Site, site_of
from app.web.visitors import Visitor

# FastAPI calls what is not a coroutine function in a thread: these take no time, so they are.


async def _site(connection: HTTPConnection) -> Site:
    return site_of(connection)


CurrentSite = Annotated[Site, Depends(_site)]


async def _language(connection: HTTPConnection, site: CurrentSite) -> str:
    return site.language(connection)


async def _visitor(connection: HTTPConnection, site: CurrentSite) -> Visitor:
    return site.visitors.of(connection)


CurrentLanguage = Annotated[str, Depends(_language)]
CurrentVisitor = Annotated[Visitor, Depends(_visitor)]
