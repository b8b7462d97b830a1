"""Makes requests and frames that are wrong, each from a random source of its own."""

from __future__ import annotations

import base64
import json
import random
import struct
from typing import TypeVar

T = TypeVar("T")

PATHS = [
    *("/", "/runs", "/compare", "/api/runs", "/api/scenarios", "/openapi.json", "/healthz"),
    *("/metrics", "/scenarios/gil", "/scenarios/{}", "/runs/{}", "/runs/{}/program.py"),
    *("/api/runs/{}", "/api/runs/{}/timeline", "/api/runs/{}/export", "/api/runs/{}/stream"),
    *("/api/runs/{}/predictions", "/compare/{}/{}", "/static/{}", "/static/css/base.css"),
    *("/static/000000000000/js/pages/run.js", "/paths/{}", "//evil.example/", "*", "{}"),
    *("http://evil.example/", "http://[::1/", "/static/../../{}", "/static/%2e%2e/%2e%2e/{}"),
]
PIECES = [
    *("x", "%00", "%ff%fe", "%0d%0aX:%20y", "%", "%zz", "%2e%2e%2f", "..", "a" * 5000, "'\"<b>"),
    *("%F0%9F%98%80", "%ED%A0%80", "死锁", "\x7f", "\x01", "{}", "${x}", "%25%32%65", ";", "|"),
]
KEYS = ["lang", "from", "format", "q", "idea", "level", "a", "b", "python", "path", "a.scenario",
        "jobs.1.burst", "scenario", "count", ""]  # fmt: skip
VALUES = ["-1", "9" * 400, "1e999", "NaN", "json", "png", "zh", "gil", "%ff", "%00", "", "²", "+",
          "%ED%A0%80", "a" * 3000, "..%2f", "[]", "<script>"]  # fmt: skip
METHODS = ["GET", "POST", "DELETE", "PUT", "HEAD", "OPTIONS", "TRACE", "CONNECT", "BREW", "get",
           "G T", "", "\xff", "GET\x00", "A" * 300]  # fmt: skip
HOSTS = ["localhost", "127.0.0.1:80", "evil.example", "", "[::1", "[::1]", "::1", "a b", "\xff",
         "localhost:99999999", "localhost, evil.example", "a" * 3000, "user@localhost",
         "\x00"]  # fmt: skip
ORIGINS = ["http://localhost", "null", "http://[::1", "http://[", "//", "\xff", "http://a b", "",
           "http://evil.example", "x" * 3000, "http://localhost:port", "file://"]  # fmt: skip
LENGTHS = ["0", "5", "-1", "99999999999999", "1e3", "+5", " 5", "5, 5", "5, 6", "0x10", "", "\xb2",
           "9" * 400]  # fmt: skip
TYPES = ["application/json", "application/x-www-form-urlencoded", "multipart/form-data", "\xff",
         "multipart/form-data; boundary=x", "multipart/form-data; boundary=" + "x" * 300, "/", "",
         "application/json; charset=nosuch", "application/x-www-form-urlencoded; charset=utf-7",
         "text/plain", "application/xml"]  # fmt: skip
OTHERS = {
    "Cookie": ["visitor=x", "visitor=" + "0" * 32, "=", ";;;", 'a="\\377"', "\xff=\xfe", "visitor",
               "language=\xff", "language=zh; visitor=" + "." * 99, "a" * 4000, 'visitor="\\"'],
    "Accept-Language": ["zh;q=nan", "*;q=", ",,,;;;", "zh;q=1e999", "q" * 3000, "\xff", "zh-\x00"],
    "Range": ["bytes=0-", "bytes=9999999999-", "bytes=--", "bytes=" + "0-0," * 500, "lines=1",
              "bytes=5-1", "\xff", "bytes=" + "9" * 400 + "-"],
    "If-None-Match": ["*", '"', "\xff", "W/" * 500],
    "If-Modified-Since": ["now", "\xff", "Thu, 99 Foo 9999 99:99:99 GMT", "0", "-1"],
    "If-Range": ["\xff", '"x"', "now"],
    "Expect": ["100-continue", "nothing", "\xff"],
    "Transfer-Encoding": ["chunked", "gzip, chunked", "identity", "\xff", "chunked, chunked"],
    "X-Forwarded-For": ["evil", "1.2.3.4, [::1", "\xff", "," * 500],
    "X-Forwarded-Proto": ["https", "\xff"],
    "Sec-Fetch-Site": ["cross-site", "\xff", ""],
    "Accept": ["text/html", "\xff", "*/*;q=x"],
    "Accept-Encoding": ["gzip;q=nan", "\xff"],
    "Content-Encoding": ["gzip", "\xff"],
    "Connection": ["close", "upgrade", "keep-alive, \xff"],
    "Upgrade": ["websocket", "h2c", "\xff"],
    "X" * 300: ["y"],
    "Bad Name": ["y"],
    "": ["y"],
    "X-Long": ["y" * 15000, "y" * 70000],
}  # fmt: skip
JSON = [
    *(b"", b"{", b"null", b"[]", b'"x"', b"{}", b"\xff", b"\x00", b"NaN", b"[" * 5000),
    *(b'{"scenario": 1}', b'{"scenario": "\\ud800"}', b'{"scenario": "gil", "params": []}'),
    *(b'{"scenario": "gil", "params": {"": NaN}}', b'{"scenario": "gil", "python": "\\u0000"}'),
    *(b'{"scenario": "nosuch\\u001b[31m"}', b'{"a":' * 3000, b'{"scenario": "x"' + b" " * 66000),
    json.dumps({"scenario": "schedulers", "params": {"jobs": [[1], {"burst": -1}]}}).encode(),
    json.dumps({"scenario": "gil", "params": {"a": 10**400}}).encode(),
]
FORMS = [
    *(b"", b"=", b"&&&", b"scenario", b"scenario=gil&%ff=%fe", b"scenario=%ED%A0%80", b"%"),
    *(b"scenario=nosuch", b"a=1&" * 150, b"scenario=gil&python=%00", b"scenario=gil&python=x%1b"),
    *(b"--x\r\n\r\n", b"--x\r\nContent-Disposition: form-data\r\n\r\ny\r\n--x--", b"--x--", b"--"),
    b'--x\r\nContent-Disposition: form-data; name="x"; filename="\xff"\r\n\r\ny\r\n--x--\r\n',
    *(b"a.scenario=gil&b.scenario=gil&a.x=1", b"a=nosuch&b=nosuch", b"predict.x=1&scenario=gil"),
]
CHUNKS = [b"0\r\n\r\n", b"5\r\nhello\r\n0\r\n\r\n", b"zz\r\n", b"-5\r\n", b"ffffffffffffffff\r\n",
          b"5\r\nhel", b"5;x=" + b"y" * 3000 + b"\r\nhello\r\n0\r\n\r\n",
          b"0\r\nX: \xff\r\n\r\n"]  # fmt: skip


class Wrongs:
    """``request`` makes one; the same source makes the same one again."""

    def __init__(self, source: random.Random) -> None:
        self._any = source

    def request(self) -> tuple[bytes, bytes]:
        """The request's bytes, and those to send after an answer 101."""
        if self._any.random() < 0.2:
            return self._handshake(), self._frames()
        method = self._often(["GET", "POST", "DELETE"], METHODS)
        body, headers = self._body() if method in ("POST", "PUT", "DELETE") else (b"", [])
        for name in self._any.sample(sorted(OTHERS), self._any.choice([0, 0, 1, 1, 2])):
            headers.append((name, self._any.choice(OTHERS[name])))
        if self._any.random() < 0.3:
            headers.append(("Origin", self._any.choice(ORIGINS)))
        if self._any.random() < 0.02:
            headers += [(f"X-{number}", "y") for number in range(300)]
        headers += self._hosts()
        self._any.shuffle(headers)
        version = self._often(["HTTP/1.1"], ["HTTP/1.0", "HTTP/0.9", "HTTP/2.0", "HTTP/9", "", "X"])
        return self._head(method, version, headers) + body, b""

    def _head(
        self, method: str, version: str, headers: list[tuple[str, str]], target: str = ""
    ) -> bytes:
        target = target or self._target()
        lines = [f"{method} {target} {version}", *(f"{n}: {v}" for n, v in headers)]
        end = self._often(["\r\n"], ["\n", "\r", "\r\n\r\n", "\x00\r\n"])
        return (end.join(lines) + end + end).encode("utf-8" if self._any.random() < 0.2 else
                                                    "latin-1", "replace")  # fmt: skip

    def _target(self) -> str:
        path = self._any.choice(PATHS)
        while "{}" in path:
            path = path.replace("{}", self._any.choice(PIECES).replace("{}", "x"), 1)
        if self._any.random() < 0.5:
            pairs = [
                f"{self._any.choice(KEYS)}={self._any.choice(VALUES)}"
                for _ in range(self._any.choice([1, 1, 2, 5, 200]))
            ]
            path += "?" + "&".join(pairs)
        return path[:9000]

    def _hosts(self) -> list[tuple[str, str]]:
        if self._any.random() < 0.7:
            return [("Host", "localhost")]
        return [("Host", self._any.choice(HOSTS)) for _ in range(self._any.choice([0, 1, 1, 1, 2]))]

    def _body(self) -> tuple[bytes, list[tuple[str, str]]]:
        body = self._any.choice([*JSON, *FORMS, self._any.randbytes(self._any.choice([1, 99]))])
        headers = [("Content-Type", self._any.choice(TYPES))]
        kind = self._any.random()
        if kind < 0.6:
            headers.append(("Content-Length", str(len(body))))
        elif kind < 0.8:
            headers.append(("Content-Length", self._any.choice(LENGTHS)))
        elif kind < 0.95:
            headers.append(("Transfer-Encoding", "chunked"))
            body = self._any.choice([*CHUNKS, b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)])
        return body, headers

    def _handshake(self) -> bytes:
        key = base64.b64encode(bytes(16)).decode()
        headers = {"Host": "localhost", "Connection": "Upgrade", "Upgrade": "websocket",
                   "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": key}  # fmt: skip
        for name in self._any.sample(sorted(headers), self._any.choice([0, 0, 0, 0, 1, 2])):
            headers[name] = self._any.choice(["", "\xff", "x", "99", "evil.example", "a" * 3000])
        if self._any.random() < 0.3:
            headers["Origin"] = self._any.choice(ORIGINS)
        if self._any.random() < 0.2:
            headers["Sec-WebSocket-Protocol"] = self._any.choice(["", ",,,", "\xff", "a" * 3000])
        if self._any.random() < 0.2:
            headers["Sec-WebSocket-Extensions"] = self._any.choice(
                ["permessage-deflate; x", "\xff"]
            )
        method = self._often(["GET"], METHODS)
        version = self._often(["HTTP/1.1"], ["HTTP/1.0", "X"])
        target = self._often(["/api/runs/x/stream", "/api/runs/x/stream?from=1"], [""])
        return self._head(method, version, [*headers.items()], target)

    def _frames(self) -> bytes:
        return b"".join(self._frame() for _ in range(self._any.choice([1, 2, 5])))

    def _frame(self) -> bytes:
        payload = self._any.choice([b"", b"hi", b"\xff\xfe", b"\xc3", bytes(200), bytes(70000)])
        first = self._any.choice([0x80, 0, 0xF0]) | self._any.choice([0, 1, 2, 3, 8, 9, 10, 15])
        mask = self._often([0x80], [0])
        size = self._often([len(payload)], [0, 2**63 - 1, 2**64 - 1, 65536])
        if size < 126:
            head = struct.pack(">BB", first, mask | size)
        elif size < 65536:
            head = struct.pack(">BBH", first, mask | 126, size)
        else:
            head = struct.pack(">BBQ", first, mask | 127, size)
        return head + (bytes(4) if mask else b"") + payload

    def _often(self, usual: list[T], others: list[T]) -> T:
        return self._any.choice(usual if self._any.random() < 0.93 else others)
