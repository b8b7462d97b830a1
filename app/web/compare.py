"""Two runs side by side: two settings, two scenarios, or two interpreters.

``/compare`` is the form. Its query may fill it in: ``scenario``, ``python`` and parameters are for
both sides; the same names after ``a.`` or ``b.`` are for one side; ``a`` and ``b`` name runs that
exist already. ``/compare/{a}/{b}`` shows two runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from app.errors import InvalidParameters, TimesliceError, UnknownInterpreter
from app.runs.run import Plan, Run
from app.web import forms, i18n
from app.web.dependencies import CurrentLanguage, CurrentSite, CurrentVisitor
from app.web.i18n import N_
from app.web.problems import status_of
from app.web.run_words import address_of, row
from app.web.site import Site

router = APIRouter(include_in_schema=False, default_response_class=Response)

SIDES = ("a", "b")
#: Each side has a form of its own, so there may be twice as many fields.
_MAX_FIELDS = 200
#: The newest runs, at most this many, can be picked from.
_RUNS_SHOWN = 20


@dataclass(slots=True)
class Side:
    """What one side asks for: a run that exists, or a scenario with the form's values."""

    name: str
    scenario: str
    run: Run | None = None
    python: str = ""
    values: dict[str, str] = field(default_factory=dict)
    error: TimesliceError | None = None

    @property
    def prefix(self) -> str:
        return f"{self.name}."

    def plan(self, site: Site, language: str) -> Plan:
        fields = site.catalogue[self.scenario].fields()
        known = {item.name for item in fields}
        typed = forms.gathered(fields, self.values)
        values = {name: value for name, value in typed.items() if name in known}
        return forms.plan(
            site.catalogue, site.interpreters, self.scenario, values, self.python, language
        )


async def _sides(site: Site, given: Mapping[str, str]) -> list[Side]:
    """Both sides as asked for. A side that is given no scenario takes that of the other side's run,
    with its values."""
    asked = {name: given[name] for name in SIDES if given.get(name)}
    for run_id in asked.values():
        await site.runs.find(run_id)
    runs = {name: site.runs.readable(run_id) for name, run_id in asked.items()}
    like = next((run for run in runs.values() if run.scenario in site.catalogue), None)
    first = next(iter(site.catalogue))
    found = []
    for name in SIDES:
        own = {k.removeprefix(f"{name}."): v for k, v in given.items() if k.startswith(f"{name}.")}
        both = {k: v for k, v in given.items() if "." not in k and k not in ("lang", *SIDES)}
        values = _given(site, like) | both | own
        scenario = values.pop(forms.SCENARIO, "") or (like.scenario if like else first)
        python = values.pop(forms.PYTHON, "")
        found.append(Side(name, scenario, runs.get(name), python, values))
    return found


def _given(site: Site, like: Run | None) -> dict[str, str]:
    if like is None:
        return {}
    return forms.given(like, site.interpreters, site.catalogue[str(like.scenario)].fields())


@router.get("/compare")
async def choose(request: Request, site: CurrentSite, language: CurrentLanguage) -> Response:
    """The form, or the comparison itself if both runs exist."""
    sides = await _sides(site, request.query_params)
    one, other = (side.run for side in sides)
    if one and other:
        return RedirectResponse(_address(one, other), 303)
    return _form(request, site, language, sides)


@router.post("/compare")
async def start(
    request: Request, site: CurrentSite, language: CurrentLanguage, visitor: CurrentVisitor
) -> Response:
    async with request.form(max_fields=_MAX_FIELDS, max_files=0) as form:
        given = {name: value for name, value in form.multi_items() if isinstance(value, str)}
    sides = await _sides(site, given)
    new = [side for side in sides if side.run is None]
    plans = []
    for side in new:
        try:
            plans.append(side.plan(site, language))
        except TimesliceError as error:
            side.error = error
    if any(side.error for side in sides):
        return _form(request, site, language, sides)
    try:
        started = site.runs.start_in_turn(plans, visitor.asker) if plans else []
    except TimesliceError as error:
        return _form(request, site, language, sides, error)
    for side, run in zip(new, started, strict=True):
        side.run = run
    one, other = (side.run for side in sides if side.run)
    return site.visitors.remember(request, RedirectResponse(_address(one, other), 303))


def _address(one: Run, other: Run) -> str:
    return f"/compare/{quote(one.id, safe='')}/{quote(other.id, safe='')}"


def _form(
    request: Request,
    site: Site,
    language: str,
    sides: list[Side],
    error: TimesliceError | None = None,
) -> Response:
    wrong = error or next((side.error for side in sides if side.error), None)
    return site.render(
        request,
        "compare_form.html",
        200 if wrong is None else status_of(wrong),
        address="/compare",
        sides=[_shown(site, side, language) for side in sides],
        scenarios=[(slug, item.title.of(language)) for slug, item in site.catalogue.items()],
        interpreters=site.interpreters,
        error=i18n.error_text(error, language) if error else "",
        invalid=any(side.error for side in sides),
        runs=[row(site, run, language) for run in site.runs.sound()[:_RUNS_SHOWN]],
    )


def _shown(site: Site, side: Side, language: str) -> dict[str, Any]:
    """One side of the form, for its template."""
    error = side.error
    wrong = error.fields if isinstance(error, InvalidParameters) else {}
    python_wrong = isinstance(error, UnknownInterpreter)
    fields = site.catalogue[side.scenario].fields()
    return {
        "name": side.name,
        "letter": side.name.upper(),
        "prefix": side.prefix,
        "scenario": side.scenario,
        "run": row(site, side.run, language) if side.run else None,
        "controls": forms.controls(fields, language, forms.gathered(fields, side.values), wrong),
        "python": side.python,
        "python_error": i18n.error_text(error, language) if error and python_wrong else "",
        "error": i18n.error_text(error, language) if error and not (wrong or python_wrong) else "",
    }


@router.get("/compare/{a}/{b}")
async def compare(
    request: Request, a: str, b: str, site: CurrentSite, language: CurrentLanguage
) -> Response:
    pair = [site.runs.readable(run_id) for run_id in (a, b)]
    rows = [_with_python(site, run, language) for run in pair]
    return site.render(
        request,
        "compare.html",
        sides=[
            {
                "letter": letter,
                "run": found,
                "values": found["values"],
                "differing": [item for item in found["values"] if item not in other["values"]],
                "api_url": f"/api{address_of(run)}",
                "stream_url": f"/api{address_of(run)}/stream",
            }
            for letter, run, found, other in zip("AB", pair, rows, reversed(rows), strict=True)
        ],
        messages=i18n.script_messages(language),
        modules=site.static.modules("js/pages/compare.js"),
        again_url=f"/compare?{urlencode({'a': a})}",
        turned_url=f"/compare/{quote(b, safe='')}/{quote(a, safe='')}",
    )


def _with_python(site: Site, run: Run, language: str) -> dict[str, Any]:
    """The run's row, with the interpreter among its values if one was chosen."""
    found = row(site, run, language)
    if run.python:
        found["values"] = [*found["values"], (i18n.gettext(N_("Python"), language), run.python)]
    return found
