"""A Roundup tracker that obeys: runs in Roundup's own environment, takes orders as JSON lines, answers each with one line.

The template `classic`, with some properties more on users; edited through Roundup's own Python API, as everything of Roundup is.
"""

import json
import sys
from pathlib import Path

from roundup import configuration, date, init, instance
from roundup.password import Password

_MORE = """
                plan=String(),
                vip=Boolean(),
                seats=Integer(),
                customer_since=Date(),
                interests=Multilink('keyword'),
                region=Link('priority'),
                manager=Link('user'),
                roles=String(),     # comma-separated string of Role names"""


def make(home, template, database):
    """A tracker in a folder, its data in a database of a PostgreSQL; database: name, host, user."""
    init.install(home, template)
    schema = Path(home, "schema.py")
    line = "\n                roles=String(),     # comma-separated string of Role names"
    text = schema.read_text()
    assert line in text
    schema.write_text(text.replace(line, _MORE))
    config = configuration.CoreConfig(home)
    config["RDBMS_BACKEND"] = "postgresql"
    config["RDBMS_NAME"], config["RDBMS_HOST"], config["RDBMS_USER"] = (
        database[name] for name in ("name", "host", "user")
    )
    config["TRACKER_WEB"], config["MAIL_DOMAIN"] = "http://localhost/", "example.org"
    config["ADMIN_EMAIL"] = "admin@example.org"
    config.save()
    tracker = instance.open(home)
    tracker.init(Password("not used", config=tracker.config))
    return tracker


def obey(tracker, order):
    """Carry out one order as its user, in one commit; the new item's id where it makes one."""
    db = tracker.open(order["by"])
    try:
        items = db.getclass(order.get("class", "user"))
        values = {name: _value(db, items, name, value) for name, value in order.get("values", {}).items()}
        if order["do"] == "create":
            answer = items.create(**values)
        elif order["do"] == "set":
            answer = items.set(order["id"], **values) and order["id"]
        else:
            answer = getattr(items, order["do"])(order["id"])
        db.commit()
        return answer
    finally:
        db.close()


def _value(db, items, name, value):
    kind = type(items.getprops()[name]).__name__
    if value is not None and kind == "Date":
        return date.Date(value)
    return Password(value, config=db.config) if value is not None and kind == "Password" else value


def main():
    """Orders from standard input until it ends."""
    answers, sys.stdout = sys.stdout, sys.stderr  # what Roundup prints is no answer
    home, template, database = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
    tracker = make(home, template, database)
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps({"id": obey(tracker, json.loads(line))}), file=answers, flush=True)


if __name__ == "__main__":
    main()
