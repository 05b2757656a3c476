"""A TCP proxy in front of a PostgreSQL's socket that cuts the line after so many bytes of answers, as networks do."""

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import parse_qs, urlsplit


@contextmanager
def cut_after(dsn: str, answers: int) -> Iterator[str]:
    """The same database behind a proxy that passes `answers` bytes of answers in all, whichever connection they belong to."""
    url = urlsplit(dsn)
    target = Path(parse_qs(url.query)["host"][0]) / ".s.PGSQL.5432"
    listener = socket.create_server(("127.0.0.1", 0))
    left, guard, ended = [answers], threading.Lock(), threading.Event()

    def passed_on(data: bytes) -> bytes:
        with guard:
            passed = data[: max(left[0], 0)]
            left[0] -= len(data)
        return passed

    def serve_one(client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as server, suppress(OSError):
            server.connect(str(target))
            while not ended.is_set():
                for ready in select.select([client, server], [], [], 0.1)[0]:
                    data = ready.recv(4096)
                    passed = data if ready is client else passed_on(data)
                    (server if ready is client else client).sendall(passed)
                    if not data or len(passed) < len(data):
                        return

    def serve() -> None:
        with suppress(OSError):
            while not ended.is_set():
                if select.select([listener], [], [], 0.1)[0]:
                    threads.append(threading.Thread(target=serve_one, args=(listener.accept()[0],)))
                    threads[-1].start()

    threads = [threading.Thread(target=serve)]
    threads[0].start()
    try:
        yield f"postgresql://{url.username}@127.0.0.1:{listener.getsockname()[1]}{url.path}?sslmode=disable&gssencmode=disable"
    finally:
        ended.set()
        for thread in threads:
            thread.join()
        listener.close()
