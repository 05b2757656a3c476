"""`make bench ARGS='peers'`: this project and its peers on the same two full captures, whole processes, in turn.

Ratios to the database's bare join of the two captures, measured between them; the seconds are this machine's.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from tempfile import mkdtemp

from psycopg2 import sql

from bench import table
from bench.world import execute, fill, make_audit, make_helpdesk, query
from contact_audit.errors import ContactAuditError
from contact_audit.local.embedded import Server

FOLDER = Path(__file__).parent
LOCK = FOLDER / "requirements.txt"
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
LENGTH = timedelta(hours=3)
THIS = "this project"
AIMS = {"dbt snapshot": 5.0, "naive pandas": 10.0}
"""Peer → how many times as long as this project it takes at least; missed, the benchmark fails."""


@dataclass(frozen=True)
class Run:
    """One process from start to end: wall clock and CPU in seconds, peak resident memory in bytes."""

    wall: float
    cpu: float
    peak: int


@dataclass(frozen=True)
class Peer:
    """A peer: what is made ready before each run (not counted), and the process that is.

    Attributes:
        name: as told; lacks: what this project does beside it and the peer does not.
        ready: puts the databases back to how they were; command: the process, with its environment.
    """

    name: str
    lacks: str
    ready: Callable[[], None]
    command: tuple[list[str], dict[str, str]]


def run(server: Server, contacts: int, share: float, rounds: int, environment: Path) -> bool:
    """Measure and print; False where an aim is missed."""
    _install(environment)
    folder = Path(mkdtemp(prefix="peers-", dir=server.state.home))
    step = round(1 / share)
    table.say(f"peers: generating {contacts:,} contacts, two full captures")
    _create(server, "peer_helpdesk")
    helpdesk = server.dsn("peer_helpdesk")
    make_helpdesk(helpdesk)
    fill(helpdesk, "functions")
    fill(helpdesk, "first_capture", contacts=contacts, captured_at=FIRST)
    peers = _baselines(server, environment, folder)
    fill(helpdesk, "second_capture", contacts=contacts, step=step)
    execute(helpdesk, "vacuum analyze")
    joins: list[float] = []
    runs: dict[str, list[Run]] = {peer.name: [] for peer in peers}
    for number in range(rounds):
        for peer in peers:
            peer.ready()
            _join(helpdesk)  # warm for everybody alike
            joins.append(_join(helpdesk))
            one = _process(*peer.command, folder / "output.log")
            runs[peer.name].append(one)
            table.say(f"peers: round {number + 1}, {peer.name}: {one.wall:.1f} s, {one.peak / 1e6:,.0f} MB")
    return _tell(contacts, step, peers, runs, median(joins))


def _baselines(server: Server, environment: Path, folder: Path) -> list[Peer]:
    """Every peer with the first capture known to it, where it keeps a history."""
    helpdesk, python = server.dsn("peer_helpdesk"), str(environment / "bin" / "python")
    address = helpdesk.replace("postgresql://", "postgresql+psycopg2://")
    for capture in (1, 2):
        execute(
            helpdesk,
            f"create schema if not exists peer; create view peer.capture_{capture} as select contact_id, account_id, name, email, "
            f"primary_phone, custom_fields::text as custom_fields, created_at from helpdesk.contact_snapshots "
            f"where snapshot_id = {capture} and not deleted",
        )
    table.say("peers: loading the first capture into each history")
    own = _product(server, folder)
    dlt = _dlt(server, python, folder)
    dbt = _dbt(server, environment, folder)
    naive = ([python, str(FOLDER / "naive.py"), address], {})
    compared = ([python, str(FOLDER / "compared.py"), address], {})
    alone = "keeps no history, names no field's author, and finds a change only while both captures are there"
    return [
        own,
        Peer("naive pandas", alone, _nothing, naive),
        Peer("datacompy", alone, _nothing, compared),
        dbt,
        dlt,
    ]


def _product(server: Server, folder: Path) -> Peer:
    _create(server, "peer_audit_base")
    make_audit(server.dsn("peer_audit_base"))
    root = FOLDER.parents[1]
    variables = {"PYTHONPATH": os.pathsep.join((str(root / "plugins"), str(root)))}

    def command(audit: str, start: datetime) -> tuple[list[str], dict[str, str]]:
        return [
            sys.executable,
            "-m",
            "bench.peers.own",
            server.dsn("peer_helpdesk"),
            audit,
            start.isoformat(),
        ], variables

    base = server.dsn("peer_audit_base")
    _process(*command(base, FIRST - LENGTH), folder / "output.log")
    execute(base, "vacuum analyze")
    return Peer(
        THIS, "", lambda: _copy(server, "peer_audit_base", "peer_audit"), command(server.dsn("peer_audit"), FIRST)
    )


def _dlt(server: Server, python: str, folder: Path) -> Peer:
    _create(server, "peer_dlt_base")
    variables = {"RUNTIME__DLTHUB_TELEMETRY": "false", "DLT_DATA_DIR": str(folder / "dlt-home")}
    source = server.dsn("peer_helpdesk").replace("postgresql://", "postgresql+psycopg2://")

    def command(database: str, capture: int, state: Path) -> tuple[list[str], dict[str, str]]:
        written = server.dsn(database).replace(
            "postgres@/", "postgres:none@localhost/"
        )  # it asks for a host and a password
        program = [python, str(FOLDER / "scd2.py"), source, written, str(capture), str(state)]
        return program, variables

    _process(*command("peer_dlt_base", 1, folder / "dlt-base"), folder / "output.log")

    def ready() -> None:
        _copy(server, "peer_dlt_base", "peer_dlt")
        shutil.rmtree(folder / "dlt", ignore_errors=True)
        shutil.copytree(folder / "dlt-base", folder / "dlt")

    lacks = "a row's versions: no fields, no author, no journal"
    return Peer("dlt scd2", lacks, ready, command("peer_dlt", 2, folder / "dlt"))


def _dbt(server: Server, environment: Path, folder: Path) -> Peer:
    project = folder / "dbt"
    shutil.copytree(FOLDER / "dbt", project)
    helpdesk = server.dsn("peer_helpdesk")
    variables = {
        "PEER_HOST": str(server.state.socket_folder()),
        "PEER_PORT": "5432",
        "PEER_USER": "postgres",
        "PEER_DATABASE": "peer_helpdesk",
        "DBT_PROFILES_DIR": str(project),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }
    program = [str(environment / "bin" / "dbt"), "snapshot", "--project-dir", str(project), "--quiet"]
    execute(helpdesk, "create view peer.current_contacts as select * from peer.capture_1")
    _process(program, variables, folder / "output.log")
    history = "peer_history.contacts_history"
    execute(helpdesk, f"create schema kept; create table kept.contacts_history as table {history}")

    def ready() -> None:
        execute(helpdesk, "create or replace view peer.current_contacts as select * from peer.capture_2")
        execute(helpdesk, f"truncate {history}; insert into {history} table kept.contacts_history")
        execute(helpdesk, f"vacuum analyze {history}")

    return Peer("dbt snapshot", "a row's versions: no fields, no author, no journal", ready, (program, variables))


def _tell(contacts: int, step: int, peers: list[Peer], runs: dict[str, list[Run]], join: float) -> bool:
    wall = {name: median(one.wall for one in some) for name, some in runs.items()}
    rows = [("the database's bare join", table.seconds(join), "1 x")]
    for peer in peers:
        some = runs[peer.name]
        peak, cpu = max(one.peak for one in some), median(one.cpu for one in some)
        remark = f"{wall[peer.name] / join:.1f} x the join, {wall[peer.name] / wall[THIS]:.1f} x this project, "
        rows.append(
            (peer.name, table.seconds(wall[peer.name]), f"{remark}CPU {cpu:.1f} s, peak {table.megabytes(peak)}")
        )
    table.show(f"peers: {contacts:,} contacts, {1 / step:.1%} changed, whole processes, medians of {len(some)}", rows)
    for peer in peers[1:]:
        print(f"  not done by {peer.name}: {peer.lacks}")
    missed = {name: wall[name] / wall[THIS] for name, aim in AIMS.items() if wall[name] / wall[THIS] < aim}
    for name, found in missed.items():
        print(f"  missed: {name} takes {found:.1f} x as long as this project, the aim is {AIMS[name]:.0f} x")
    result = {
        "contacts": contacts,
        "join": join,
        "wall": wall,
        "peak": {name: max(one.peak for one in some) for name, some in runs.items()},
    }
    print(json.dumps(result), flush=True)
    return not missed


def _process(command: list[str], variables: dict[str, str], log: Path) -> Run:
    """Run a process to its end, what it prints in a file; ContactAuditError where it fails."""
    begun = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env=os.environ | variables, stdout=output, stderr=subprocess.STDOUT, cwd=FOLDER.parents[1]
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - begun
    if process.returncode:
        raise ContactAuditError(f"{' '.join(command[:3])} failed:\n{log.read_text(errors='replace')[-3000:]}")
    return Run(wall, used.ru_utime + used.ru_stime, used.ru_maxrss * (1 if sys.platform == "darwin" else 1024))


def _install(environment: Path) -> None:
    uv = str(Path(sys.executable).parent / "uv")
    given = {**os.environ, "UV_PYTHON_DOWNLOADS": "never", "VIRTUAL_ENV": str(environment)}
    if not (environment / "bin" / "python").exists():
        subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, environment], env=given, check=True)
    table.say("peers: installing their lock")
    subprocess.run([uv, "pip", "sync", "--quiet", "--require-hashes", LOCK], env=given, check=True)


def _create(server: Server, name: str, template: str = "template1") -> None:
    names = {"name": sql.Identifier(name), "template": sql.Identifier(template)}
    execute(
        server.dsn("postgres"), sql.SQL("create database {name} template {template} strategy file_copy").format(**names)
    )


def _copy(server: Server, base: str, name: str) -> None:
    execute(server.dsn("postgres"), sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))
    _create(server, name, base)


def _nothing() -> None:
    """Nothing is to be put back."""


def _join(dsn: str) -> float:
    begun = time.monotonic()
    query(dsn, "bare_join")
    return time.monotonic() - begun
