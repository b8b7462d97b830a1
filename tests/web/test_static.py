"""Static files: one folder named by the hash of them all, so that modules need not be told."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urljoin

from starlette.testclient import TestClient

from app.web.static import Static
from tests.web.test_pages import finished


def test_addresses_of_the_present_content_are_kept_for_ever(client: TestClient) -> None:
    page = client.get("/").text
    address = re.search(r'href="(/static/[0-9a-f]{12}/css/base\.css)"', page)
    assert address is not None
    kept = client.get(address[1])
    assert kept.status_code == 200 and "immutable" in kept.headers["cache-control"]

    asked = client.get("/static/css/base.css")
    assert asked.headers["cache-control"] == "no-cache"
    again = client.get("/static/css/base.css", headers={"If-None-Match": asked.headers["etag"]})
    assert again.status_code == 304
    stale = client.get("/static/000000000000/css/base.css")
    assert stale.content == kept.content and stale.headers["cache-control"] == "no-cache"


def test_addresses_lead_out_of_the_folder_nowhere(client: TestClient) -> None:
    for path in ("..", "%2e%2e", "000000000000/%2e%2e", "000000000000/%2e%2e/%2e%2e"):
        assert client.get(f"/static/{path}/pyproject.toml").status_code == 404
        assert client.get(f"/static/{path}/app/settings.py").status_code == 404


def test_tree_changes_with_any_file(tmp_path: Path) -> None:
    (tmp_path / "js").mkdir()
    (tmp_path / "js/main.js").write_text("one")
    static = Static(tmp_path)
    first = static.addresses()("js/main.js")
    assert static.addresses()("js/main.js") == first
    (tmp_path / "other.css").write_text("new")
    second = static.addresses()("js/main.js")
    assert second != first
    (tmp_path / "other.css").unlink()
    assert static.addresses()("js/main.js") == first


def test_run_page_asks_for_every_module_at_once(client: TestClient) -> None:
    page = client.get(f"/runs/{finished(client)}").text
    told = re.findall(r'rel="modulepreload" href="(/static/[0-9a-f]{12}/js/[^"]+)"', page)
    main = re.findall(r'type="module" src="([^"]+)"', page)
    assert len(told) == len(set(told)) > 20
    for address in told + main:
        answer = client.get(address)
        assert "immutable" in answer.headers["cache-control"]
        imported = re.findall(r'^(?:import|  from)\b.*"(\..+)";$', answer.text, re.MULTILINE)
        assert {urljoin(address, path) for path in imported} <= set(told)
