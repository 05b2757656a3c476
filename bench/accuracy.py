"""`python -m bench.accuracy`: how often the author that is named is the right one, and how many changes get him.

On simulated truths, whose journal loses more and more, for the audit log and for what one could do without it. Writes the tables of
docs/accuracy.md and its chart; one seed, one result.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.accuracy_chart import draw
from bench.table import say
from contact_audit.attribution.attribute import attribute
from contact_audit.evidence.states import read
from tests.support.extracts import SKEW, as_records, extract_of
from tests.support.oracle_journal import ACCOUNT, canonical, json_text, read_journal, same
from tests.support.telling import Losses, World, tell
from tests.support.truth import Truth, live, who

SHARES = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
DOCS = Path(__file__).parent.parent / "docs"
BEGIN, END = "<!-- what follows is written by make accuracy -->", "<!-- until here -->"
AUTHORS = [
    *(("agent", str(number), f"Agent {number}") for number in range(1, 6)),
    ("contact", "self", None),
    ("integration", "azure_ad_sync", None),
    ("admin", "1", "Admin"),
]
ANY = "(any value)"
EXISTS = "(exists)"

Claim = tuple[int, int, str, str, Any]
"""contact, pair of captures, field, new value as text, author."""


@dataclass(frozen=True)
class Score:
    """Of `true` changes, `claims` were given an author, `right` of them the right one."""

    true: int
    claims: int
    right: int

    @property
    def accuracy(self) -> float | None:
        """Of the changes an author is named for, the share where he is the right one; None where none is named."""
        return self.right / self.claims if self.claims else None

    @property
    def coverage(self) -> float:
        """Of all true changes, the share that the right author is named for."""
        return self.right / self.true


def mixed(share: float) -> Losses:
    """Of all entries `share` is damaged: a third of those lost, a third without values, a third bare."""
    third = share / 3
    return Losses(dropped=third, bare=third / (1 - third), stripped=third / (1 - 2 * third))


LOSSES = {
    "mixed": mixed,
    "lost": lambda share: Losses(dropped=share),
    "stripped": lambda share: Losses(stripped=share),
}


# ---- what is claimed -----------------------------------------------------------------------------------------------


def true_changes(truth: Truth) -> Iterator[Claim]:
    """Each field that an operation changed, between the first capture and the newest; a birth or a death is one change."""
    for operation in truth.operations:
        pair = truth.pair_of(operation.at)
        if not 0 < pair < len(truth.captures):
            continue
        if operation.action != "update":
            yield (operation.contact_id, pair, EXISTS, json_text(operation.action != "delete"), operation.who)
            continue
        for name, (_, new) in operation.changes.items():
            yield (operation.contact_id, pair, name, json_text(new), operation.who)


def besides(truth: Truth) -> Iterator[Claim]:
    """What is true and counts for nothing: the fields of a birth or a death, which is one change, however many it has."""
    for operation in truth.operations:
        if operation.action != "update":
            pair = truth.pair_of(operation.at)
            for name, (_, new) in operation.changes.items():
                yield (operation.contact_id, pair, name, json_text(new), operation.who)
            if operation.action != "delete":  # whoever comes back may be in another account
                yield (operation.contact_id, pair, ACCOUNT, json_text(str(operation.account_id)), operation.who)


def audit_log(world: World) -> list[tuple[str, Claim]]:
    """What the product says: (attribution, claim) for every change in its events; the author is None where it names none."""
    derived = attribute(read(extract_of(world.rows)), SKEW)
    position = {capture.snapshot_id: place for place, capture in enumerate(world.truth.captures)}
    found: list[tuple[str, Claim]] = []
    for event in as_records(derived)[0]:
        if event["snapshot_id"] is None:
            continue
        contact, pair = int(event["contact_id"]), position[event["snapshot_id"]]
        named = who(event) if event["author_type"] != "unknown" else None
        if event["action"] != "update":
            found.append((event["attribution"], (contact, pair, EXISTS, json_text(event["action"] != "delete"), named)))
            continue
        for change in event["changes"]:
            claim = (contact, pair, change["field"], json_text(canonical(change["new"])), named)
            found.append((event["attribution"], claim))
    return found


def journal_only(world: World, *, values: bool) -> Iterator[Claim]:
    """What the journal alone says: items with values; or, without `values`, who touched which field, whatever came of it."""
    rows = world.rows["contact_journal"]
    for entry in read_journal(rows)[0]:
        pair = world.truth.pair_of(entry.at)
        if not 0 < pair < len(world.truth.captures):
            continue
        contact, author = entry.row["contact_id"], who(entry.row)
        if entry.action != "update":
            yield (contact, pair, EXISTS, ANY if not values else json_text(entry.action != "delete"), author)
            continue
        for name, (old, new) in entry.pins.items():
            if not same(old, new):
                yield (contact, pair, name, json_text(new) if values else ANY, author)
        if not values:
            for name in entry.names:
                yield (contact, pair, name, ANY, author)


def last_writer(truth: Truth) -> Iterator[Claim]:
    """Every net change between two captures, by whoever touched the contact last before the later one."""
    for contact in truth.first:
        for pair in range(1, len(truth.captures)):
            operations = [one for one in truth.of(contact) if truth.pair_of(one.at) == pair]
            if not operations:
                continue
            before, after = (truth.state(contact, truth.captures[place].at) for place in (pair - 1, pair))
            author = operations[-1].who
            if (before is None) != (after is None):
                yield (contact, pair, EXISTS, json_text(after is not None), author)
            elif before is not None and after is not None:
                for name in before.keys() | after.keys():
                    if not same(before.get(name), after.get(name)):
                        yield (contact, pair, name, json_text(after.get(name)), author)


# ---- how right it is -----------------------------------------------------------------------------------------------


def score(true: Sequence[Claim], claims: Sequence[Claim], beside: Sequence[Claim] = ()) -> Score:
    """Hold claims against the truth, one to one: field, pair, author and new value (unless it is ANY) must be the same.

    A claim that is among those `beside` is left out: true, but no change of its own.
    """
    named = Counter(claim for claim in claims if claim[4] is not None)
    if any(claim[3] == ANY for claim in named):
        true, beside = ([(*change[:3], ANY, change[4]) for change in some] for some in (true, beside))
    right = named & Counter(true)
    counted = named - ((named - right) & Counter(beside))
    return Score(len(true), counted.total(), right.total())


def shown(true: Sequence[Claim], claims: Sequence[Claim]) -> float:
    """The share of true changes that are shown, with their new value, whoever is named."""
    return (Counter(one[:4] for one in true) & Counter(one[:4] for one in claims)).total() / len(true)


def measure(truth: Truth, seed: int, losses: Losses) -> dict[str, Any]:
    """Scores by method of one truth and one journal; `shown`: shares of changes shown by log and by diff."""
    world = tell(truth, seed, losses)
    true, beside = list(true_changes(truth)), list(besides(truth))
    log = audit_log(world)
    last = list(last_writer(truth))
    strong = [claim for how, claim in log if how in {"recorded", "matched"}]
    return {
        "audit log": score(true, [claim for _, claim in log], beside),
        "audit log, recorded or matched": score(true, strong, beside),
        "journal only": score(true, list(journal_only(world, values=True)), beside),
        "journal only, without values": score(true, list(journal_only(world, values=False)), beside),
        "last writer": score(true, last, beside),
        "snapshot diff": score(true, []),
        "shown by the log": shown(true, [claim for _, claim in log]),
        "shown by the diff": shown(true, last),
        "attributions": Counter(how for how, _ in log),
    }


# ---- what is written -----------------------------------------------------------------------------------------------


def table(results: dict[float, dict[str, Any]]) -> list[str]:
    """A Markdown table, one row a share of damaged entries."""
    methods = [
        "audit log",
        "audit log, recorded or matched",
        "journal only",
        "journal only, without values",
        "last writer",
    ]
    lines = [
        "| damaged | " + " | ".join(methods) + " | changes shown: log | diff |",
        "| ---: |" + " ---: |" * (len(methods) + 2),
    ]
    for share, result in results.items():
        cells = [f"{_percent(result[name].accuracy)} / {_percent(result[name].coverage)}" for name in methods]
        cells += [_percent(result["shown by the log"]), _percent(result["shown by the diff"])]
        lines.append(f"| {share:.0%} | " + " | ".join(cells) + " |")
    return lines


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}".replace("100.0%", "100%").replace("%", " %")


def main(arguments: Sequence[str]) -> None:
    """Measure, and write tables and chart."""
    parser = argparse.ArgumentParser(prog="python -m bench.accuracy", description=__doc__)
    parser.add_argument("--seed", type=int, default=2019)
    parser.add_argument("--contacts", type=int, default=600)
    parser.add_argument("--docs", type=Path, default=DOCS, help="the folder with accuracy.md")
    options = parser.parse_args(arguments)
    results: dict[tuple[str, str], dict[float, dict[str, Any]]] = {}
    lines = []
    for life, most in (("calm", 2), ("busy", 6)):
        truth = live(
            options.seed, contacts=options.contacts, captures=17, near=0, odd=0, busy=0.3, most=most, authors=AUTHORS
        )
        true = list(true_changes(truth))
        several = _several_authors(truth)
        for kind, losses in LOSSES.items():
            if kind != "mixed" and life == "busy":
                continue
            results[life, kind] = {share: measure(truth, options.seed, losses(share)) for share in SHARES}
            lines += [
                f"### {life.capitalize()} contacts, journal {_TITLES[kind]}",
                "",
                f"{options.contacts} contacts, 17 captures three hours apart, {len(true):,} true changes; where anything "
                f"happened to a contact between two captures, {several:.0%} of the time more than one author had a hand in it.",
                "",
                *table(results[life, kind]),
                "",
            ]
            say(f"{life}, {kind}: {len(true):,} changes")
    path = options.docs / "accuracy.md"
    text = path.read_text(encoding="utf-8")
    head, tail = text.split(BEGIN)[0], text.split(END)[1]
    path.write_text(f"{head}{BEGIN}\n\n" + "\n".join(lines) + f"\n{END}{tail}", encoding="utf-8")
    draw({life: results[life, "mixed"] for life in ("calm", "busy")}, options.docs)
    say(f"wrote accuracy.md, accuracy.png, accuracy.svg in {options.docs.name}/")


_TITLES = {
    "mixed": "damaged every way (a third lost, a third without values, a third bare)",
    "lost": "with entries lost",
    "stripped": "with values stripped, names kept",
}


def _several_authors(truth: Truth) -> float:
    hands: dict[tuple[int, int], set[Any]] = {}
    for operation in truth.operations:
        hands.setdefault((operation.contact_id, truth.pair_of(operation.at)), set()).add(operation.who)
    return sum(len(some) > 1 for some in hands.values()) / len(hands)


if __name__ == "__main__":
    main(sys.argv[1:])
