"""The Activity page of a real Airflow standalone, with several readers at once, each asking for the next page when it has one."""

import http.client
import json
import os
import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median, quantiles
from urllib.parse import urlsplit

from bench.worker import now
from contact_audit.local.embedded import Server
from contact_audit.local.environment import CONTACT_AUDIT, airflow_environment
from contact_audit.local.processes import free_port, login, prepare_metadata, start_standalone, stop_standalone

Path = Callable[[random.Random], str]


@dataclass(frozen=True)
class Read:
    """What came of some readers asking: milliseconds a page, pages a second, bytes of one."""

    middle: float
    p95: float
    worst: float
    a_second: float
    size: int


@contextmanager
def site(server: Server, audit: str, workers: int) -> Iterator[str]:
    """An Airflow with the page, over this audit database: its address. Its DAGs are paused: nothing else runs."""
    state = server.state
    state.make()
    given = os.environ | {
        CONTACT_AUDIT: audit,
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "True",
        "AIRFLOW__API__WORKERS": str(workers),
    }
    environment = airflow_environment(state, given, free_port(18_080))
    prepare_metadata(state, environment)
    start_standalone(state, environment)
    try:
        yield environment["AIRFLOW__API__BASE_URL"]
    finally:
        stop_standalone(state)


def token(server: Server, url: str) -> str:
    """A bearer token of the standalone's own user."""
    known = login(server.state)
    assert known is not None
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    body = json.dumps({"username": known[0], "password": known[1]})
    connection.request("POST", "/auth/token", body, {"Content-Type": "application/json"})
    answer = json.load(connection.getresponse())
    connection.close()
    return str(answer["access_token"])


def read(url: str, bearer: str, path: Path, readers: int, pages: int, think: float = 0) -> Read:
    """Have readers ask for so many pages each, in all of `readers` × `pages`; `think`: seconds between two of a reader's."""
    _read_some(url, bearer, path, 0, 3, 0)
    begun = now()
    with ThreadPoolExecutor(readers) as pool:
        each = list(pool.map(lambda number: _read_some(url, bearer, path, number, pages, think), range(readers)))
    spent = [one for some, _ in each for one in some]
    cuts = quantiles(spent, n=20)
    return Read(median(spent), cuts[-1], max(spent), len(spent) / (now() - begun), each[0][1])


def _read_some(url: str, bearer: str, path: Path, seed: int, pages: int, think: float) -> tuple[list[float], int]:
    luck = random.Random(seed)
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=120)
    spent, size = [], 0
    for _ in range(pages):
        if think:
            time.sleep(luck.expovariate(1 / think))
        begun = now()
        connection.request("GET", path(luck), headers={"Authorization": f"Bearer {bearer}"})
        answer = connection.getresponse()
        size = len(answer.read())
        spent.append((now() - begun) * 1000)
        if answer.status != 200:
            raise SystemExit(f"{path(luck)}: HTTP {answer.status}")
    connection.close()
    return spent, size
