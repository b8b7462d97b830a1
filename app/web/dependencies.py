"""What a handler asks FastAPI for: the site, the reader's language, and the visitor."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from app.web.site import Site, site_of
from app.web.visitors import Visitor

# Coroutine functions, as FastAPI calls any other function in a thread.


async def _site(connection: HTTPConnection) -> Site:
    return site_of(connection)


CurrentSite = Annotated[Site, Depends(_site)]


async def _language(connection: HTTPConnection, site: CurrentSite) -> str:
    return site.language(connection)


async def _visitor(connection: HTTPConnection, site: CurrentSite) -> Visitor:
    return site.visitors.of(connection)


CurrentLanguage = Annotated[str, Depends(_language)]
CurrentVisitor = Annotated[Visitor, Depends(_visitor)]
