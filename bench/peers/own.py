"""This project, as the peers are measured: a process that takes one window from the first read to the commit.

Arguments: the libpq addresses of the helpdesk and of the audit database, the start of the window.
"""

import sys
from datetime import datetime

from bench import tasks
from contact_audit.windows import LENGTH


def main(helpdesk: str, audit: str, start: str) -> None:
    pipeline = tasks.pipeline(helpdesk, audit)
    begin = datetime.fromisoformat(start)
    print(tasks.span(pipeline, start=start, end=(begin + LENGTH).isoformat()))


if __name__ == "__main__":
    main(*sys.argv[1:4])
