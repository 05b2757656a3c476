"""One change as a reader sees it: old → new for every kind of value, added and removed choices, what differs in long texts.

Pure: JSON values in, small records out, that templates lay out. Nothing here is HTML: templates escape every text.
"""

import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from difflib import SequenceMatcher
from typing import Any, Literal

from contact_audit.evidence.values import canonical_text
from contact_audit.web.texts import say

LONG = 72
MOST_CHARACTERS = 1000
"""Of a longer text a page shows a part of this length; whole it is in the API."""
MOST_COMPARED = 4000
"""Longer texts are not compared word by word: of each a part is shown, from where they begin to differ."""
MOST_CHOICES = 50
_BEFORE = 100
_NAME = 200
_MOST_WORDS = 1500
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_WORD = re.compile(r"\S+\s*|\s+")
_SYMBOLS = {"\t": "⇥", "\n": "⏎", "\r": "␍", "\u00a0": "⍽", "\u202f": "⍽", "\u00ad": "‐"}

Same = Literal["same", "removed", "added"]


@dataclass(frozen=True)
class Piece:
    """A part of a text; `note` names a character that would not be seen, for which `text` stands."""

    text: str
    note: str | None = None


@dataclass(frozen=True)
class Value:
    """A value to show.

    Attributes:
        kind: none, blank (text of no character), text, code (JSON that is no single value), or plain (number, date, yes or no).
        pieces: its text.
        exact: the value as it stands in the log, where the text says it in other words.
        cut: of how many characters the pieces are a part; 0 where they are the whole.
    """

    kind: Literal["none", "blank", "text", "code", "plain"]
    pieces: tuple[Piece, ...] = ()
    exact: str | None = None
    cut: int = 0

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(piece.text for piece in self.pieces)


@dataclass(frozen=True)
class Change:
    """One field's change.

    Attributes:
        field, label: the field's name, and what it was called at the time.
        kind: pair (old → new), choices, or long (texts with `parts`).
        old, new: the values; of choices None.
        parts: of choices each with what became of it; of long texts the stretches that are the same, removed or added.
        added, removed: how many words of a long text.
        look_alike: the two are written with different characters, but look the same.
        left_off: how many choices are not shown.
    """

    field: str
    label: str
    kind: Literal["pair", "choices", "long"]
    old: Value
    new: Value
    parts: tuple[tuple[Same, tuple[Piece, ...]], ...] = ()
    added: int = 0
    removed: int = 0
    look_alike: bool = False
    left_off: int = 0

    @property
    def is_cut(self) -> bool:
        """Whether a part of it only is shown."""
        return bool(self.left_off or (self.kind != "long" and (self.old.cut or self.new.cut)))


def parse(text: str) -> Any:
    """JSON as it stands in the log, every digit of its numbers kept."""
    return json.loads(text, parse_float=Decimal, parse_int=_whole_number)


def change(field: str, label: str, field_type: str | None, old: Any, new: Any) -> Change:
    """What to show of a change."""
    before, after = value(old, field_type), value(new, field_type)
    lists = [one for one in (old, new) if one is not None]
    if lists and all(isinstance(one, list) for one in lists):
        chosen = tuple(_choices(old or [], new or []))
        left_off = max(0, len(chosen) - MOST_CHOICES)
        return Change(field, label, "choices", before, after, chosen[:MOST_CHOICES], left_off=left_off)
    if isinstance(old, str) and isinstance(new, str):
        if max(len(old), len(new)) > MOST_COMPARED:
            start = max(0, _same_until(old, new) - _BEFORE)
            before, after = _excerpt(old, start), _excerpt(new, start)
            return Change(field, label, "pair", before, after)
        alike = _look(old) == _look(new)
        if max(len(old), len(new)) > LONG or "\n" in old + new:
            parts = tuple(_differences(old, new))
            words = {
                same: sum(len(text.split()) for how, text in parts if how == same) for same in ("added", "removed")
            }
            shown = tuple((how, pieces(text, lines=True)) for how, text in parts)
            return Change(field, label, "long", before, after, shown, words["added"], words["removed"], alike)
        return Change(field, label, "pair", before, after, look_alike=alike)
    return Change(field, label, "pair", before, after)


def value(given: Any, field_type: str | None = None) -> Value:
    """What to show of a value."""
    match given:
        case None | []:
            return Value("none")
        case "":
            return Value("blank")
        case bool():
            return Value("plain", (Piece(say("yes" if given else "no")),), exact="true" if given else "false")
        case int() | Decimal() | float():
            return _number_shown(_number(given))
        case str() if len(given) > MOST_CHARACTERS:
            return _excerpt(given)
        case str():
            if field_type == "date" and (day := _day(given)):
                return Value("plain", (Piece(day),), exact=given)
            return Value("text", pieces(given, lines="\n" in given or len(given) > LONG))
        case list() if not any(isinstance(one, (list, dict)) for one in given):
            return _excerpt(", ".join(_plain(one) for one in given))
        case _:
            return _excerpt(json.dumps(given, ensure_ascii=False, default=_number), kind="code")


def _excerpt(text: str, start: int = 0, kind: Literal["text", "code"] = "text") -> Value:
    """A text, or of a long one a part from about `start` on."""
    if len(text) <= MOST_CHARACTERS:
        return Value(kind, pieces(text, lines="\n" in text))
    start = min(start, len(text) - MOST_CHARACTERS)
    end = start + MOST_CHARACTERS
    shown = ("…" if start else "") + text[start:end] + ("…" if end < len(text) else "")
    return Value(kind, pieces(shown, lines=True), cut=len(text))


def pieces(text: str, lines: bool = False) -> tuple[Piece, ...]:
    """The text with what would not be seen made visible; with `lines`, it is a part of a longer text with line breaks."""
    # most texts; printable is what _is_hidden lets pass, but for code points that nobody has assigned
    if text.isprintable() and "  " not in text and (lines or text == text.strip(" ")):
        return (Piece(text),) if text else ()
    found: list[Piece] = []
    start = 0
    for at, character in enumerate(text):
        if lines and character in "\n\t":
            continue
        at_an_edge = not lines and at in (0, len(text) - 1)
        if _is_hidden(character) or (character == " " and (at_an_edge or (at and text[at - 1] == " "))):
            if start < at:
                found.append(Piece(text[start:at]))
            found.append(Piece(_SYMBOLS.get(character, "␣" if character == " " else "�"), _named(character)))
            start = at + 1
    if start < len(text):
        found.append(Piece(text[start:]))
    return tuple(found)


def seen(text: str) -> str:
    """A name as it may stand in a line: a symbol for what would not be seen, or would reorder what stands around it."""
    return "".join(piece.text for piece in pieces(text if len(text) <= _NAME else text[:_NAME] + "…"))


def _choices(old: Sequence[Any], new: Sequence[Any]) -> Iterator[tuple[Same, tuple[Piece, ...]]]:
    before, after = {canonical_text(one) for one in old}, {canonical_text(one) for one in new}
    for one in old:
        yield ("same" if canonical_text(one) in after else "removed"), pieces(_short(one))
    for one in new:
        if canonical_text(one) not in before:
            yield "added", pieces(_short(one))


def _differences(old: str, new: str) -> Iterator[tuple[Same, str]]:
    before, after = _WORD.findall(old), _WORD.findall(new)
    if max(len(before), len(after)) > _MOST_WORDS:  # comparing words would take too long
        before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    if max(len(before), len(after)) > _MOST_WORDS:
        before, after = [old], [new]
    for how, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if how == "equal":
            yield "same", "".join(before[a:b])
            continue
        if a < b:
            yield "removed", "".join(before[a:b])
        if c < d:
            yield "added", "".join(after[c:d])


def _look(text: str) -> str:
    """Equal for texts that look the same: composed or not, any space, nothing for what has no width."""
    if text.isascii() and text.isprintable():  # most texts
        return " ".join(text.split())
    composed = unicodedata.normalize("NFKC", text)
    seen = "".join(" " if one.isspace() else one for one in composed if unicodedata.category(one) not in ("Cf", "Cc"))
    return " ".join(seen.split())


def _is_hidden(character: str) -> bool:
    return character != " " and unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp", "Zs")


def _named(character: str) -> str:
    name = unicodedata.name(character, {"\t": "tab", "\n": "line break", "\r": "carriage return"}.get(character, ""))
    return f"{name.lower()} U+{ord(character):04X}".strip()


def _plain(one: Any) -> str:
    return one if isinstance(one, str) else value(one).text


def _same_until(one: str, other: str) -> int:
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _short(one: Any) -> str:
    text = _plain(one)
    return text if len(text) <= _NAME else text[:_NAME] + "…"


def _whole_number(text: str) -> int | Decimal:
    # Python refuses to read an integer of more than 4,300 digits
    return int(text) if len(text) <= _NAME else Decimal(text)


def _number_shown(text: str) -> Value:
    return Value("plain", (Piece(text),)) if len(text) <= MOST_CHARACTERS else _excerpt(text)


def _number(number: Any) -> str:
    return format(number, "f") if isinstance(number, Decimal) else str(number)


def _day(text: str) -> str | None:
    if not _ISO_DATE.fullmatch(text):
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return f"{day.day} {day:%b %Y}"
