"""Recordings as somebody would make them who wants the server to fall over.

Each mutation takes a whole recording, which it may change in any way, and a seeded source of
chance. ``KINDS`` has them by name; ``NAMES`` has what a file may be called.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import struct
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from app.timeline import frames as codec

Mutation = Callable[[Random, Path], None]
KINDS: dict[str, Mutation] = {}

NAMES = (
    "死锁",
    "a b",
    "a#b",
    "a%b",
    "a?b=c",
    "-",
    "..",
    "<b>",
    "'\"&",
    "x\u202ey",
    "x\x1b[31m",
    "x\ny",
    "n" * 200,
    "\udcff\udcfe",
)


def kind(mutation: Mutation) -> Mutation:
    KINDS[mutation.__name__] = mutation
    return mutation


@contextlib.contextmanager
def _written(path: Path) -> Iterator[sqlite3.Connection]:
    db = sqlite3.connect(path, isolation_level=None)
    try:
        db.execute("PRAGMA writable_schema = ON")
        yield db
    finally:
        db.close()


def _anything(rng: Random) -> Any:
    return rng.choice(
        [
            None,
            True,
            -1,
            0,
            1,
            2**31,
            2**53 + 2,
            2**64,
            -(10**30),
            1.5,
            float("nan"),
            float("inf"),
            "",
            "x",
            "running",
            "\ud800",
            "\x00\x1b[2J\u202e",
            "{x.__class__}",
            "{0:99999999}",
            "{",
            "y" * 30_000,
            [],
            [1, 2],
            [[1, 2]],
            {},
            {"en": 1},
            {"a": {"b": [None]}},
            [None] * 3000,
            {str(n): n for n in range(300)},
        ]
    )


def _spoil(rng: Random, value: Any) -> Any:
    """``value`` with one of its parts, at whatever depth, replaced by anything."""
    if isinstance(value, dict) and value and rng.random() < 0.85:
        name = rng.choice(list(value))
        return {**value, name: _spoil(rng, value[name])}
    if isinstance(value, list) and value and rng.random() < 0.85:
        place = rng.randrange(len(value))
        return [*value[:place], _spoil(rng, value[place]), *value[place + 1 :]]
    return _anything(rng)


def _parts(frame: bytes) -> tuple[list[Any], bytes, bytes]:
    """The header's fields, the head's text, the columns."""
    header = list(codec.HEADER.unpack_from(frame))
    end = codec.HEADER.size + header[5]
    return header, frame[codec.HEADER.size : end], frame[end:]


def _joined(header: list[Any], head: bytes, columns: bytes) -> bytes:
    head += b" " * (-len(head) % 8)
    header = [codec.HEADER.size + len(head) + len(columns), *header[1:5], len(head), *header[6:]]
    return codec.HEADER.pack(*header) + head + columns


def _with_frames(rng: Random, path: Path, change: Callable[[bytes], bytes]) -> None:
    """Change the overview, or a frame of a recording that has none."""
    with _written(path) as db:
        if rng.random() < 0.3:
            db.execute("DELETE FROM overview")
            seqs = [seq for (seq,) in db.execute("SELECT seq FROM frames")]
            where, values = "frames WHERE seq = ?", (rng.choice(seqs),)
        else:
            where, values = "overview WHERE id = ?", (0,)
        (data,) = db.execute(f"SELECT data FROM {where}", values).fetchone()
        changed = zlib.compress(change(zlib.decompress(data)), 1)
        table, _, condition = where.partition(" ")
        db.execute(f"UPDATE {table} SET data = ? {condition}", (changed, *values))


def _set(path: Path, key: str, text: Any) -> None:
    with _written(path) as db:
        db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, text))


def _get(path: Path, key: str) -> Any:
    with _written(path) as db:
        return json.loads(db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()[0])


# --- the file ----------------------------------------------------------------------------------


@kind
def bits(rng: Random, path: Path) -> None:
    data = bytearray(path.read_bytes())
    for _ in range(rng.choice([1, 3, 30, 300])):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    path.write_bytes(data)


@kind
def page_headers(rng: Random, path: Path) -> None:
    """Pointers from page to page that lead anywhere, also back."""
    data = bytearray(path.read_bytes())
    for _ in range(rng.choice([1, 4])):
        at = 4096 * rng.randrange(len(data) // 4096) + rng.randrange(40)
        data[at] = rng.choice([0, 1, 2, 5, 13, 255])
    path.write_bytes(data)


@kind
def cut(rng: Random, path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(rng.randrange(path.stat().st_size))


@kind
def blanked(rng: Random, path: Path) -> None:
    data = bytearray(path.read_bytes())
    at = rng.randrange(len(data))
    length = min(len(data) - at, rng.choice([100, 4096, 20_000]))
    data[at : at + length] = rng.choice([bytes(length), rng.randbytes(length)])
    path.write_bytes(data)


@kind
def huge(rng: Random, path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(rng.choice([1 << 28, 1 << 31, 1 << 34]))


@kind
def no_file(rng: Random, path: Path) -> None:
    path.unlink()
    match rng.randrange(4):
        case 0:
            os.mkfifo(path)
        case 1:
            path.mkdir()
        case 2:
            path.symlink_to("/dev/zero")
        case _:
            path.symlink_to(path)


@kind
def beside(rng: Random, path: Path) -> None:
    """A log, a journal or an index of somebody else's beside it."""
    other = path.with_name(path.name + rng.choice(["-wal", "-shm", "-journal"]))
    match rng.randrange(5):
        case 0:
            os.mkfifo(other)
        case 1:
            other.mkdir()
        case 2:
            other.symlink_to("/dev/zero")
        case 3:
            other.write_bytes(rng.randbytes(40_000))
        case _:
            begin = struct.pack(">IIIIII", 0x377F0682, 3007000, 4096, 0, 1, 2)
            other.write_bytes(begin + rng.randbytes(60_000))


# --- its tables --------------------------------------------------------------------------------

_ENDLESS = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c)"


@kind
def views(rng: Random, path: Path) -> None:
    name, columns = rng.choice(
        [
            ("frames", "x AS seq, x AS now_ns, zeroblob(1000000) AS data"),
            ("overview", "0 AS id, randomblob(x * 1000) AS data"),
            ("meta", "'run' AS key, hex(zeroblob(x * 1000)) AS value"),
        ]
    )
    with _written(path) as db:
        db.execute(f"DROP TABLE {name}")
        db.execute(f"CREATE VIEW {name} AS {_ENDLESS} SELECT {columns} FROM c")


@kind
def other_tables(rng: Random, path: Path) -> None:
    with _written(path) as db:
        match rng.randrange(5):
            case 0:
                db.execute("CREATE TRIGGER t AFTER INSERT ON meta BEGIN DELETE FROM frames; END")
            case 1:
                db.execute("DROP TABLE overview")
                db.execute(
                    "CREATE TABLE overview (id INTEGER PRIMARY KEY, "
                    "data BLOB AS (zeroblob(900000000)))"
                )
                db.execute("INSERT INTO overview (id) VALUES (0)")
            case 2:
                db.execute("BEGIN")
                for number in range(3000):
                    db.execute(f"CREATE TABLE t{number} (x)")
                db.execute("COMMIT")
            case 3:
                db.execute("CREATE INDEX i ON frames (abs(now_ns))")
            case _:
                db.execute(
                    "UPDATE sqlite_master SET rootpage = ?, sql = coalesce(?, sql) WHERE name = ?",
                    (
                        rng.choice([1, 2, 3, 4, 99999]),
                        rng.choice([None, "CREATE TABLE", "x" * 100]),
                        rng.choice(["meta", "frames", "overview"]),
                    ),
                )


@kind
def cells(rng: Random, path: Path) -> None:
    """Values of other types than the columns'."""
    value = rng.choice([1, 1.5, "text", b"", rng.randbytes(300), 2**62, -1])
    statement = rng.choice(
        [
            "UPDATE frames SET data = ?",
            "UPDATE frames SET now_ns = ?",
            "UPDATE overview SET data = ?",
            "UPDATE meta SET value = ?",
            "UPDATE meta SET value = ? WHERE key = 'run'",
            "UPDATE frames SET seq = seq + ?",
            "DELETE FROM frames WHERE seq <> ?",
            "DELETE FROM meta WHERE value <> ?",
        ]
    )
    with _written(path) as db, contextlib.suppress(sqlite3.IntegrityError):
        db.execute(statement, (value,))


# --- what it says of its run -------------------------------------------------------------------


@kind
def said_of_the_run(rng: Random, path: Path) -> None:
    key = rng.choice(["run", "ended", "program", "format"])
    _set(path, key, json.dumps(_spoil(rng, _get(path, key))))


@kind
def texts_of_the_run(rng: Random, path: Path) -> None:
    text = rng.choice(
        [
            "[" * 100_000 + "]" * 100_000,
            '{"a":' * 50_000 + "1" + "}" * 50_000,
            "{",
            "",
            "nul",
            '{"params": {"x": 1e400}}',
            '{"params": {"x": NaN}}',
            '{"scenario": "\\ud800"}',
            '{"created_at": "9999-12-31T23:59:59+00:00"}',
            '{"x": ' + "9" * 5000 + "}",
            '{"scenario": "schedulers", "params": {"jobs": [1, 2]}}',
            '{"scenario": "schedulers", "params": {"jobs": [{"name": [1]}]}}',
            '{"scenario": "deadlock", "params": {"meals": {"x": 1}}, "predictions": {"ends": [1]}}',
            '{"scenario": "gil", "predictions": {"x": {"y": 1}}}',
            json.dumps({"args": ["a"] * 5000}),
            json.dumps({"scenario": "s" * 100, "params": {"p" * 4000: "v" * 200_000}}),
            '{"state": "waiting"}',
            '{"state": "ended", "duration_ns": "1"}',
            '{"failure_told": [{"template": "{a:9999999999}", "values": {"a": 1}}]}',
        ]
    )
    _set(path, rng.choice(["run", "ended"]), text)


@kind
def programs(rng: Random, path: Path) -> None:
    _set(
        path, "program", json.dumps(rng.choice(["(" * 900_000, "\n" * 1_000_000, "x" * 5_000_000]))
    )


# --- its frames --------------------------------------------------------------------------------


@kind
def headers(rng: Random, path: Path) -> None:
    def change(frame: bytes) -> bytes:
        data = bytearray(frame)
        code, at = rng.choice([("I", 0), ("H", 8), ("H", 10), ("I", 12), ("I", 16), ("d", 24)])
        number: float = rng.choice([0, 1, 7, 2**15, 2**16 - 1])
        if code == "I":
            number = rng.choice([0, 1, len(frame) - 1, 2**31, 2**32 - 1])
        if code == "d":
            number = rng.choice([float("nan"), float("inf"), -1.0, 1e300])
        struct.pack_into(f"<{code}", data, at, number)
        return bytes(data)

    _with_frames(rng, path, change)


@kind
def heads(rng: Random, path: Path) -> None:
    def change(frame: bytes) -> bytes:
        header, head, columns = _parts(frame)
        return _joined(header, json.dumps(_spoil(rng, json.loads(head))).encode(), columns)

    _with_frames(rng, path, change)


@kind
def columns(rng: Random, path: Path) -> None:
    def change(frame: bytes) -> bytes:
        header, head, rows = _parts(frame)
        data = bytearray(rows)
        for _ in range(rng.choice([1, 5, 500]) if data else 0):
            data[rng.randrange(len(data))] = rng.choice([0, 1, 127, 200, 255])
        return _joined(header, head, bytes(data))

    _with_frames(rng, path, change)


@kind
def rows(rng: Random, path: Path) -> None:
    def change(frame: bytes) -> bytes:
        header, head, rows = _parts(frame)
        count = rng.choice([-1, 2**31, 2**53, 1.5, True, None, "3", [1]])
        told = {**json.loads(head), "rows": rng.choice([[count, 0], [0, count], count])}
        return _joined(header, json.dumps(told).encode(), rows)

    _with_frames(rng, path, change)


@cache
def _zeros(size: int) -> bytes:
    packer, block = zlib.compressobj(9), bytes(1 << 20)
    return b"".join([*(packer.compress(block) for _ in range(size >> 20)), packer.flush()])


@cache
def _crowd(count: int, parent: str) -> bytes:
    """A frame with so many tracks, each child of: none, the one before, the one after."""
    tracks = [
        {
            "id": number,
            "kind": "coroutine",
            "name": f"task {number}",
            "pid": 1,
            "tid": 0,
            "parent": {"none": None, "before": number - 1 or None, "circle": number % count + 1}[
                parent
            ],
            "daemon": False,
            "start_ns": 0,
            "end_ns": None,
            "end": None,
            "python": None,
        }
        for number in range(1, count + 1)
    ]
    frame = codec.encode(codec.Frame(0, 0, {"tracks": tracks, "run": {"id": "r"}}, snapshot=True))
    return zlib.compress(frame, 1)


@cache
def _nested(depth: int, name: str) -> bytes:
    text = f'{{"rows":[0,0],"{name}":'.encode() + b"[" * depth + b"]" * depth + b"}"
    return zlib.compress(_joined([0, codec.MAGIC, codec.VERSION, 1, 0, 0, 0, 0.0], text, b""), 1)


@cache
def _many(count: int) -> bytes:
    """A head of nothing but small values under a name that no one knows."""
    text = b'{"rows":[0,0],"x":[' + b"[]," * count + b"0]}"
    return zlib.compress(_joined([0, codec.MAGIC, codec.VERSION, 1, 0, 0, 0, 0.0], text, b""), 1)


@cache
def _long(count: int) -> bytes:
    """So many slices, all of them zeros, which pack well."""
    text = f'{{"rows":[{count},0]}}'.encode()
    sizes = [count * size for size in (8, 8, 4, 4, 4, 4, 2, 1, 1, 1, 1)]
    body = b"".join(bytes(size + -size % 8) for size in sizes)
    return zlib.compress(_joined([0, codec.MAGIC, codec.VERSION, 1, 0, 0, 0, 0.0], text, body), 1)


BOMBS: tuple[Callable[[], bytes], ...] = (
    lambda: _zeros(1 << 30),
    lambda: _crowd(200_000, "none"),
    lambda: _crowd(2000, "before"),
    lambda: _crowd(5, "circle"),
    lambda: _nested(100_000, "run"),
    lambda: _nested(1_000_000, "x"),
    lambda: _many(5_000_000),
    lambda: _long(4_000_000),
    lambda: _long(60_000),
)


@kind
def bombs(rng: Random, path: Path) -> None:
    with _written(path) as db:
        data = rng.choice(BOMBS)()
        if rng.random() < 0.5:
            db.execute("DELETE FROM overview")
            db.execute("UPDATE frames SET data = ? WHERE seq = 0", (data,))
        else:
            db.execute("UPDATE overview SET data = ?", (data,))
