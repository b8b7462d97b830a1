"""The world that a program is put into."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from app.catalogue.brokers import BROKERS
from app.errors import UnknownInterpreter
from app.worker import start
from tests.worker.driver import spec


def test_layout_is_private_and_goes_away() -> None:
    layout = start.Layout.make(spec("print('筷子')", file_name="dinner.py"))
    try:
        assert Path(layout.program).read_text("utf-8") == "print('筷子')"
        assert layout.program == os.path.join(layout.home, "dinner.py")
        for folder in layout.folders:
            assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700
        assert os.listdir(layout.rings) == []
    finally:
        layout.remove()
    assert not any(map(os.path.exists, layout.folders))


def test_layout_of_a_program_that_lies_elsewhere_leaves_it_there(tmp_path: Path) -> None:
    path = tmp_path / "dinner.py"
    path.write_text("pass")
    layout = start.Layout.make(spec("pass", file_name="dinner.py", path=str(path)))
    try:
        assert layout.program == str(path) and layout.work == str(tmp_path)
        assert str(tmp_path) not in layout.folders and os.listdir(layout.home) == []
        probed = start.environment(spec("", path=str(path), environment={"A": "1"}), layout)
        assert probed["A"] == "1" and probed["TIMESLICE_PROGRAM_DIR"] == str(tmp_path)
    finally:
        layout.remove()
    assert path.read_text() == "pass"


def test_layout_without_room_in_shared_memory_is_on_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "_SHARED_MEMORY_BYTES", 1 << 62)
    layout = start.Layout.make(spec(""))
    try:
        assert os.path.dirname(layout.rings) == layout.home
    finally:
        layout.remove()


def test_environment_hides_the_server_s(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_KEY", "secret")
    monkeypatch.setenv("PYTHONPATH", "/the/servers")
    layout = start.Layout("/home/of/run", "/rings", "/home/of/run/program.py")
    bare = start.environment(spec("", probe=False), layout)
    assert "API_KEY" not in bare and "PYTHONPATH" not in bare
    assert bare["HOME"] == "/home/of/run"
    probed = start.environment(spec(""), layout)
    assert probed["TIMESLICE_RING_DIR"] == "/rings"
    assert "/the/servers" not in probed["PYTHONPATH"]


def test_environment_says_where_the_brokers_are(monkeypatch: pytest.MonkeyPatch) -> None:
    layout = start.Layout("/home/of/run", "/rings", "/home/of/run/program.py")
    for broker in BROKERS.values():
        assert broker.variable not in start.environment(spec(""), layout)
        monkeypatch.setenv(broker.variable, f"{broker.scheme}://host:1")
        assert start.environment(spec(""), layout)[broker.variable] == f"{broker.scheme}://host:1"


def test_interpreter_links_are_kept(tmp_path: Path) -> None:
    link = tmp_path / "python"
    link.symlink_to(sys.executable)
    assert start.interpreter(str(link)) == str(link)
    assert start.describe(str(link)).startswith("CPython 3.")


def test_interpreter_that_is_none_is_named() -> None:
    with pytest.raises(UnknownInterpreter, match="no-such-python"):
        start.interpreter("no-such-python")
    with pytest.raises(UnknownInterpreter, match="does not tell its version"):
        start.describe("/bin/echo")
