"""Downloads that cannot crowd out all else: few at once, and each with an end.

A download holds a connection and a snapshot of the audit database for as long as its reader takes; without a bound a few slow readers
would hold the web server and keep the database from tidying up.
"""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import anyio
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from contact_audit.web.reading import TooSlowError

RETRY_SECONDS = 30


class Downloads:
    """The places for downloads, in this process.

    Attributes:
        most: how many run at once; seconds: after how long one ends, whole or not.
    """

    def __init__(self, most: int, seconds: float) -> None:
        self.most, self.seconds = most, seconds
        self._free = threading.BoundedSemaphore(most)

    def start(self, pieces: Iterator[bytes], **response: Any) -> "Download":
        """A response of these pieces; HTTPException 429 where as many as may run do. An error before the first piece is raised.

        `response` is as for StreamingResponse; values of `headers` may be functions, called once the first piece is there.
        """
        if not self._free.acquire(blocking=False):
            raise HTTPException(429, headers={"Retry-After": str(RETRY_SECONDS)})
        end = time.monotonic() + self.seconds
        try:
            first = next(pieces, b"")
            headers = {name: text() if callable(text) else text for name, text in response.pop("headers", {}).items()}
            return Download(first, pieces, end, self._free.release, headers=headers, **response)
        except BaseException:
            self._free.release()
            raise


class Download(StreamingResponse):
    """Streams pieces until they end, or its time does: then the connection breaks off, so that nobody takes the part for the whole."""

    def __init__(
        self, first: bytes, pieces: Iterator[bytes], end: float, release: Callable[[], None], **response: Any
    ) -> None:
        self._pieces, self._end, self._release = pieces, end, release
        super().__init__(self._body(first), **response)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it; the place is free again however that ends."""
        try:
            # anyio's: it waits for the thread that reads, so that what it reads can be closed
            with anyio.fail_after(max(0.0, self._end - time.monotonic())):
                await super().__call__(scope, receive, send)
        except TimeoutError as error:
            raise TooSlowError(
                "a download took longer than CONTACT_AUDIT_DOWNLOAD_SECONDS: it was broken off"
            ) from error
        finally:
            try:
                await run_in_threadpool(self._pieces.close)  # type: ignore[attr-defined]
            finally:
                self._release()

    def _body(self, first: bytes) -> Iterator[bytes]:
        yield first
        for piece in self._pieces:
            if time.monotonic() > self._end:
                raise TooSlowError("a download took longer than CONTACT_AUDIT_DOWNLOAD_SECONDS: it was broken off")
            yield piece
