"""Other people's names on a terminal."""

from __future__ import annotations

from app.cli.text.printable import printable


def test_printable_spells_out_what_a_terminal_would_obey() -> None:
    assert printable("Ann 死锁 é") == "Ann 死锁 é"
    assert printable("\x1b]0;x\x07") == "\\x1b]0;x\\x07"
    assert printable("a\u202eb") == "a\\u202eb"
    assert printable("a\u2066b\u200fc") == "a\\u2066b\\u200fc"
    assert printable("\udcff\x9b") == "\\udcff\\x9b"
    assert printable("a\nb\tc\r", keep="\n\t") == "a\nb\tc\\r"
    assert printable("می\u200cخواهم") == "می\u200cخواهم"
