"""The Activity page's app as Airflow's web server mounts it, and clients of it with and without a login."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

PREFIX = "/contact-activity"


@contextmanager
def mounted(dsn: str) -> Iterator[Any]:
    """The app below a root path, on an audit database. Needs Airflow's metadata."""
    from airflow.api_fastapi.app import create_auth_manager
    from fastapi import FastAPI

    from contact_audit.web.app import create_app

    create_auth_manager().init()
    app = create_app(lambda: dsn)
    root = FastAPI()
    root.mount(PREFIX, app)
    yield root
    app.state.reading.close()


def client(app: Any, role: str | None = None, root_path: str = "", cookie: bool = False) -> Any:
    """A client that is logged in with a role of Airflow's simple auth manager; without one it is anonymous.

    A proxy leaves the root path on the addresses that it hands on, as Airflow wants it.
    """
    from airflow.api_fastapi.app import get_auth_manager
    from airflow.api_fastapi.auth.managers.base_auth_manager import COOKIE_NAME_JWT_TOKEN
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
    from fastapi.testclient import TestClient

    found = TestClient(
        app, base_url=f"http://testserver{root_path}{PREFIX}", root_path=root_path, raise_server_exceptions=False
    )
    if role is not None:
        user = SimpleAuthManagerUser(username="reader", role=None if role == "nothing" else role)
        token = get_auth_manager().generate_jwt(user)
        if cookie:
            found.cookies.set(COOKIE_NAME_JWT_TOKEN, token)
        else:
            found.headers["Authorization"] = f"Bearer {token}"
    return found
