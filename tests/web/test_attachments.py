"""Files are saved under names of whatever letters."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from app.runs.recording import Recording
from app.web.attachments import attachment
from tests.runs.make import whole_run
from tests.web.make import application


@given(st.text())
def test_attachment_is_a_header_that_can_be_sent(name: str) -> None:
    [value] = attachment(name).values()
    assert value.isascii() and value.isprintable() and value.count('"') in (0, 2)


def test_attachment_leaves_plain_names_as_they_are() -> None:
    assert attachment("gil-abc.csv") == {
        "Content-Disposition": 'attachment; filename="gil-abc.csv"'
    }


@pytest.mark.parametrize("name", ["死锁", 'a\'b "c"', "ü;=", "a b"])
@pytest.mark.parametrize("format", ["json", "csv", "chrome"])
def test_recording_of_any_name_is_exported(tmp_path: Path, name: str, format: str) -> None:
    path = tmp_path / "data" / "runs" / f"{name}.timeslice"
    path.parent.mkdir(parents=True)
    recording = Recording.create(path, {"id": name, "scenario": "dead-lock", "params": {}}, "")
    recording.extend(whole_run(3))
    recording.finish(state="ended", duration_ns=1, exit=None, failure=None)
    recording.close()
    with TestClient(application(tmp_path)) as client:
        [run] = client.get("/api/runs").json()
        address = quote(run["id"])
        answer = client.get(f"/api/runs/{address}/export?format={format}")
        assert answer.status_code == 200
        assert answer.headers["content-disposition"].startswith("attachment; filename")
        for path_of in ("/runs", f"/runs/{address}", "/"):
            assert client.get(path_of).status_code == 200
