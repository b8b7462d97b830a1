"""Paths through the catalogue: a page for each, and the step of a path that a scenario is."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.catalogue.paths import PATHS, Path, Step, path_named
from app.errors import NotFound
from app.web.dependencies import CurrentLanguage, CurrentSite
from app.web.site import Site

router = APIRouter(include_in_schema=False, default_response_class=Response)

#: The name of the query's and the form's field that says which path is followed.
FIELD = "path"


@router.get("/paths/{name}")
async def path(
    request: Request, name: str, site: CurrentSite, language: CurrentLanguage
) -> Response:
    found = path_named(name)
    if found is None:
        raise NotFound(
            "There is no path named {name}. There are: {all}.",
            name=repr(name[:60]),
            all=", ".join(each.id for each in PATHS),
        )
    return site.render(
        request,
        "path.html",
        title=found.title.of(language),
        summary=found.summary.of(language),
        steps=[
            {
                "url": _url(found, step),
                "title": site.scenario_title(step.slug, language),
                "summary": site.catalogue[step.slug].summary.of(language),
                "question": _question(site, step, language),
            }
            for step in _steps(site, found)
        ],
    )


def all_paths(site: Site, language: str) -> list[dict[str, Any]]:
    """The paths whose scenarios this catalogue has."""
    return [
        {
            "url": f"/paths/{each.id}",
            "title": each.title.of(language),
            "summary": each.summary.of(language),
        }
        for each in PATHS
        if _steps(site, each)
    ]


def step_in(site: Site, name: str, slug: str, language: str) -> dict[str, Any] | None:
    """The step of the path ``name`` that ``slug`` is, for a banner; None if it is none of them."""
    found = path_named(name)
    steps = _steps(site, found) if found else []
    at = next((n for n, step in enumerate(steps) if step.slug == slug), None)
    if found is None or at is None:
        return None
    following = steps[at + 1] if at + 1 < len(steps) else None
    return {
        "id": found.id,
        "url": f"/paths/{found.id}",
        "title": found.title.of(language),
        "number": at + 1,
        "count": len(steps),
        "question": _question(site, steps[at], language),
        "next_url": _url(found, following) if following else "",
        "next_title": site.scenario_title(following.slug, language) if following else "",
    }


def _question(site: Site, step: Step, language: str) -> str:
    """The first question of the step's form; empty if its scenario has none."""
    questions = site.catalogue[step.slug].questions
    return questions[0].text.of(language) if questions else ""


def _steps(site: Site, found: Path) -> list[Step]:
    return [step for step in found.steps if step.slug in site.catalogue]


def _url(found: Path, step: Step) -> str:
    return f"/scenarios/{step.slug}?{urlencode({FIELD: found.id, **step.settings})}"
