"""A web server and its clients on one thread: many requests are under way at once.

The server awaits a slow answer, or blocks. tornado serves, httpx asks, over loopback.
"""

import asyncio
import time

try:
    import httpx
    from tornado.httpserver import HTTPServer
    from tornado.netutil import bind_sockets
    from tornado.web import Application, RequestHandler
except ImportError:
    raise SystemExit(
        "This program needs the packages tornado and httpx: python -m pip install tornado httpx"
    )

# --- settings: change them and run the program again ---
HANDLER = "await"  # for its slow part the server must "await" it, or "block"
CLIENTS = 6
MS = 200  # that the slow part takes
# --- end of settings ---


def say(text):
    print(text, flush=True)


class Slow(RequestHandler):
    async def get(self, number):
        say(f"request {number} begins")
        if HANDLER == "await":
            await asyncio.sleep(MS / 1000)
        else:
            time.sleep(MS / 1000)
        say(f"request {number} is answered")
        self.write(f"answer {number}")


async def ask(client, url, number):
    answer = await client.get(f"{url}/{number}")
    return answer.text


async def main():
    sockets = bind_sockets(0, "127.0.0.1")
    server = HTTPServer(Application([(r"/(\d+)", Slow)], log_function=lambda handler: None))
    server.add_sockets(sockets)
    url = f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        await client.get(url)  # not found; httpx loads modules at its first request
        before = time.perf_counter()
        say("main: asks")
        tasks = [
            asyncio.create_task(ask(client, url, number), name=f"client-{number}")
            for number in range(1, CLIENTS + 1)
        ]
        answers = await asyncio.gather(*tasks)
        took = time.perf_counter() - before
        say(f"main: {len(answers)} answers in {took:.2f} s, the last is {answers[-1]!r}")
    server.stop()
    await server.close_all_connections()


if __name__ == "__main__":
    asyncio.run(main())
