"""Servers on loopback that take messages: a mail server, and one for webhooks."""

import http.server
import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from typing import Any, TypeVar


class MailServer(socketserver.ThreadingTCPServer):
    """Speaks as much SMTP as a client needs; `mails` are (subject, text)."""

    daemon_threads = True

    def __init__(self) -> None:
        self.mails: list[tuple[str, str]] = []
        super().__init__(("127.0.0.1", 0), _Mail)


class _Mail(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            if verb != b"DATA":
                self.wfile.write(b"250 well\r\n")
                continue
            self.wfile.write(b"354 go on\r\n")
            lines = []
            while (text := self.rfile.readline()) not in (b".\r\n", b""):
                lines.append(text)
            mail: Any = message_from_bytes(b"".join(lines), policy=policy.default)
            self.server.mails.append((mail["subject"], mail.get_body(("plain",)).get_content()))
            self.wfile.write(b"250 taken\r\n")


class WebhookServer(http.server.ThreadingHTTPServer):
    """Takes JSON by POST; answers `status`."""

    daemon_threads = True

    def __init__(self) -> None:
        self.posts: list[dict[str, Any]] = []
        self.status = 200
        super().__init__(("127.0.0.1", 0), _Webhook)


class _Webhook(http.server.BaseHTTPRequestHandler):
    server: WebhookServer

    def do_POST(self) -> None:
        posted = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.server.status == 200:
            self.server.posts.append(posted)
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


Server = TypeVar("Server", bound=socketserver.BaseServer)


@contextmanager
def listening(server: Server) -> Iterator[Server]:
    """The server, at work until the end."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
