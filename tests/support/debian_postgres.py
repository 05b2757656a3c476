"""A PostgreSQL of Debian's, for what the embedded one is built without: extensions, and the collations of ICU."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from contact_audit.local.embedded import SYSTEM_USER, system_user
from tests.support.programs import needed


@contextmanager
def server(what: str) -> Iterator[str]:
    """The DSN of its database postgres; `what` is told as not tried where Debian's package is not to be had."""
    needed("pg_createcluster", what)
    programs = max(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4])).parent
    folder = Path(tempfile.mkdtemp(prefix="audit-tests-"))
    user = None
    if os.geteuid() == 0:  # which PostgreSQL refuses
        user = SYSTEM_USER
        os.chown(folder, system_user(user).pw_uid, system_user(user).pw_gid)
    data, log = folder / "data", folder / "log"

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [programs / program, "-D", data, *arguments], user=user, cwd="/", stdout=subprocess.DEVNULL, check=True
        )

    try:
        run("initdb", "-U", "postgres", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8")
        options = f"-c listen_addresses= -c fsync=off -c unix_socket_directories={folder}"
        run("pg_ctl", "start", "-w", "-l", str(log), "-o", options)
        try:
            yield f"postgresql://postgres@/postgres?host={folder}"
        finally:
            run("pg_ctl", "stop", "-m", "immediate", "-w")
    finally:
        shutil.rmtree(folder)
