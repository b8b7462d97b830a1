"""What all pages share: settings, runs, catalogue, interpreters, templates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, Response

from app.catalogue.loader import Catalogue
from app.doctor.interpreters import Interpreter
from app.locale.languages import LANGUAGES
from app.locale.translations import translations
from app.runs.runs import Runs
from app.settings import Settings
from app.web import figures, folders, i18n
from app.web.audience import Audience
from app.web.secret import secret_in
from app.web.static import Static
from app.web.visitors import Visitors


class Site:
    """One instance serves one application; ``site_of`` gives it to a request."""

    def __init__(self, settings: Settings, runs: Runs, catalogue: Catalogue) -> None:
        self.settings = settings
        self.runs = runs
        self.catalogue = catalogue
        #: The interpreters that runs can use, the server's own first; found while it starts.
        self.interpreters: list[Interpreter] = []
        self.audience = Audience(settings.viewers_per_address, runs.metrics)
        self.visitors = Visitors(settings.secret.get_secret_value() or secret_in(settings.data_dir))
        self.static = Static(folders.folder("static"))
        self._environments = {language: self._environment(language) for language in LANGUAGES}

    def language(self, connection: HTTPConnection) -> str:
        return i18n.language_of(connection, self.settings.language)

    def render(
        self, request: HTTPConnection, template: str, status: int = 200, **context: Any
    ) -> Response:
        """A page in the reader's language, which a cookie remembers once it was chosen."""
        language = self.language(request)
        page = self._environments[language].get_template(template)

        def switch_language_url(other: str) -> str:
            # A page that answers a POST has no address of its own.
            path = context.get("address") or quote(request.scope["path"])
            kept = [(k, v) for k, v in request.query_params.multi_items() if k != "lang"]
            return f"{path}?{urlencode([*kept, ('lang', other)])}"

        html = page.render(
            switch_language_url=switch_language_url,
            url_static=self.static.addresses(),
            path=request.scope["path"],
            **context,
        )
        headers = {"Vary": "Accept-Language, Cookie", "Content-Language": language}
        response = HTMLResponse(html, status, headers={**headers, "Cache-Control": "no-cache"})
        if request.query_params.get("lang") in LANGUAGES:
            response.set_cookie(
                i18n.COOKIE, language, max_age=365 * 86400, samesite="lax", httponly=True
            )
        return self.visitors.remember(request, response)

    def scenario_title(self, slug: str, language: str) -> str:
        """The title; the slug itself for a scenario that no longer exists."""
        if slug not in self.catalogue:
            return slug
        return self.catalogue[slug].title.of(language)

    def _environment(self, language: str) -> Environment:
        environment = Environment(
            loader=FileSystemLoader(folders.folder("templates")),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n"],
        )
        environment.install_gettext_translations(  # type: ignore[attr-defined]
            translations(language), newstyle=True
        )
        globals: Mapping[str, Any] = {
            "lang": language,
            "languages": LANGUAGES,
            "moment": figures.moment,
            "duration": figures.duration,
            "mib": figures.mib,
        }
        environment.globals.update(globals)
        return environment


def site_of(connection: HTTPConnection) -> Site:
    """The site of the application that a request or a websocket came to."""
    site: Site = connection.app.state.site
    return site
