"""Which programs have generators that may be driven by hand, by their text."""

from __future__ import annotations

import pytest

from tests.probe.loading import probe

CASES = {
    "def f(): yield\nnext(f())": (True, True),
    "def f(): yield from g()\nfor x in f(): x.send(1)": (True, True),
    "class A:\n def run(self):\n  def inner(): x = yield 1\n  return inner().__next__()": (
        True,
        True,
    ),
    "f = lambda: (yield)\ng = f()\nresume = g.throw": (True, True),
    "def f(): yield\nfor x in f(): print(x)": (True, False),
    "def f(): yield\nnext(n for n in f() if n)": (True, False),
    "def f(): yield\nnext((g.send(n) for n in f()), None)": (True, True),
    "# yield\n'yield, next'": (False, False),
    "@contextmanager\ndef f(): yield\nsocket.send(b'')": (False, True),
    "@contextlib.contextmanager\ndef f(): yield": (False, False),
    "@pytest.fixture(scope='module')\ndef f(): yield": (False, False),
    "class A:\n def __iter__(self): yield 1\nnext(iter(A()))": (False, True),
    "async def f(): yield\nnext": (False, True),
    "def f():\n async def g(): yield\n return g": (False, False),
}


@pytest.mark.parametrize("text", CASES, ids=lambda text: text.replace("\n", " "))
def test_text_tells_of_generators_and_drivers(text: str) -> None:
    assert probe("generators.syntax").facts(text.encode()) == CASES[text]


def test_what_is_no_python_is_an_error() -> None:
    with pytest.raises(SyntaxError):
        probe("generators.syntax").facts(b"def f(: yield")
