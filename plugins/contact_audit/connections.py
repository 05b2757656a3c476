"""Connections as people write them in Airflow, as libpq addresses: every part is used, or refused by name.

The DAGs get a connection as Airflow has read it, `make` reads AIRFLOW_CONN_* itself; both come to the same address by libpq_uri. A DSN
is a libpq connection URI; it holds a password and is never printed.
"""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode

import psycopg2
from psycopg2.extensions import parse_dsn

from contact_audit.errors import SettingsError

# What Airflow's PostgresHook takes out of a connection's extra for itself. These only say how its cursors and SQLAlchemy's engine are
# made, which are not used here, or belong to those below;
_WITHOUT_EFFECT = {
    "cursor", "sqlalchemy_scheme", "sqlalchemy_query", "aws_conn_id", "azure_conn_id", "cluster-identifier", "workgroup-name",
}  # fmt: skip
# and these, where they are on, get a password from elsewhere or speak to what is no PostgreSQL.
_REFUSED = {"iam", "redshift", "redshift-serverless", "use_azure_managed_identity"}
_PARTS = {
    "host": "host",
    "port": "port",
    "user": "user",
    "password": "password",
    "dbname": "dbname",
    "database": "dbname",
}
_NO = (None, "", False, 0, "false", "False", "0")


def libpq_uri(
    host: str | None,
    port: int | str | None,
    user: str | None,
    password: str | None,
    database: str | None,
    options: Mapping[str, Any],
) -> str:
    """A libpq connection URI of its parts; several hosts and ports apart by commas, an IPv6 address with or without brackets.

    `options` are a connection's extra: libpq's own (sslmode, keepalives, options, ...), which count before the parts as with Airflow's
    PostgresHook, and what that takes for itself. Raises SettingsError, naming what cannot be used.
    """
    parts: dict[str, str | None] = {
        "host": host, "port": None if port is None else str(port), "user": user, "password": password, "dbname": database,
    }  # fmt: skip
    query: dict[str, str] = {}
    for name, value in options.items():
        if name in _WITHOUT_EFFECT or value is None:
            continue
        if name in _REFUSED:
            if value not in _NO:
                raise SettingsError(
                    f"{_IN_EXTRA} {name} is not supported: give a user and a password, or a certificate"
                )
        elif isinstance(value, (dict, list)):
            raise SettingsError(f"{_IN_EXTRA} {name} must be text or a number, not {json.dumps(value)[:40]}")
        else:
            text = str(int(value)) if isinstance(value, bool) else str(value)
            if name in _PARTS:
                parts[_PARTS[name]] = text
            else:
                query[name] = text
    for name, value in {**parts, **query}.items():
        if value is not None and "\0" in value:
            raise SettingsError(f"a connection's {name} holds a NUL character, which no address can")
    # all of it by name: libpq reads an address's own places by rules for each
    query = {name: value for name, value in parts.items() if value} | query
    if "host" in query:
        query["host"] = ",".join(
            one[1:-1] if one.startswith("[") and one.endswith("]") else one for one in query["host"].split(",")
        )
    dsn = f"postgresql:///?{urlencode(query, quote_via=quote, safe='')}"
    try:
        parse_dsn(dsn)
    except psycopg2.ProgrammingError as error:
        name = str(error).partition('"')[2].partition('"')[0]  # the message may hold the rest, and with it the password
        raise SettingsError(f"{_IN_EXTRA} {name} is no option that libpq knows") from None
    return dsn


_IN_EXTRA = "a connection's extra"


def dsn_from_uri(text: str) -> str:
    """The DSN of an Airflow connection as AIRFLOW_CONN_* holds it: a URI, or JSON. Raises SettingsError."""
    if text.lstrip().startswith("{"):
        try:
            parts = json.loads(text)
            extra = parts.get("extra") or {}
            extra = json.loads(extra) if isinstance(extra, str) else extra
        except ValueError as error:
            # of the error its place only: the text holds a password
            raise SettingsError(f"a connection in JSON cannot be read: {str(error).partition(': line')[0]}") from None
        return libpq_uri(
            parts.get("host"), parts.get("port"), parts.get("login"), parts.get("password"), parts.get("schema"), extra
        )
    _, _, rest = text.strip().partition("://")
    rest, _, query_text = rest.partition("?")
    authority, _, path = rest.partition("/")
    login, _, places = authority.rpartition("@")
    user, colon, password = login.partition(":")
    hosts, ports = _hosts(places)
    query = dict(parse_qsl(query_text, keep_blank_values=True))
    try:
        options = json.loads(query["__extra__"]) if "__extra__" in query else query
    except ValueError:
        raise SettingsError("a connection's __extra__ is no JSON") from None
    return libpq_uri(
        hosts, ports, unquote(user) or None, unquote(password) if colon else None, unquote(path) or None, options
    )


def dsn_of(connection: Any) -> str:
    """The DSN of an Airflow connection object. Raises SettingsError."""
    return libpq_uri(
        connection.host,
        connection.port,
        connection.login,
        connection.password,
        connection.schema,
        connection.extra_dejson,
    )


def with_option(dsn: str, option: str) -> str:
    """The DSN with one more of the server's settings (name=value), which then counts before the role's and the database's own."""
    given = parse_dsn(dsn)
    given["options"] = f"{given.get('options', '')} -c {option}".strip()
    return f"postgresql:///?{urlencode(given, quote_via=quote, safe='')}"


def where(dsn: str) -> str:
    """What may be shown of a DSN: hosts, ports and database."""
    try:
        parts = parse_dsn(dsn)
    except psycopg2.ProgrammingError:
        return "at an address that cannot be read"
    hosts = (parts.get("host") or parts.get("hostaddr") or "localhost").split(",")
    ports = (parts.get("port") or "5432").split(",")
    ports = ports * len(hosts) if len(ports) == 1 else ports
    shown = [f"[{host}]" if ":" in host else host for host in hosts]
    return f"{','.join(f'{host}:{port or 5432}' for host, port in zip(shown, ports, strict=False))}/{parts.get('dbname', '')}"


def _hosts(places: str) -> tuple[str | None, str | None]:
    """Hosts and ports of the middle of a URI: one, or several apart by commas."""
    hosts, ports = [], []
    for place in places.split(","):
        host, bracket, port = place.rpartition("]") if place.startswith("[") else ("", "", "")
        if bracket:
            host, port = host[1:], port.removeprefix(":")
        else:
            host, _, port = place.partition(":")
        if port and not port.isdecimal():
            raise SettingsError(
                f"a connection's port {port!r} is no number; valid: host:5432, [::1]:5432, or several apart by commas, special characters "
                "of user and password percent-encoded"
            )
        hosts.append(unquote(host))
        ports.append(port)
    return ",".join(hosts) or None, (",".join(ports) if any(ports) else None)
