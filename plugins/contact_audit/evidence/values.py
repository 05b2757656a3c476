"""JSON values, compared by value: each distinct value gets a small integer, so that columns of values compare as integers.

Section 3's comparison: 1 = 1.0, key order does not count, lists compare as sets, an empty one is null, a missing key equals null,
'' differs from null, text compares exactly.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa

Codes = npt.NDArray[np.int64]

NULL = 0
"""The code of null, and of whatever equals it."""

# orjson reads numbers as 64-bit integers and floats; from 17 digits on (the point counts), or with an exponent, a float may not
# be the number written.
_LONG_NUMBER = re.compile(r"[0-9.](?:[0-9.]{16}|[eE][+-]?[0-9])")
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{},:]|[^\s\[\]{},:"]+')
_BATCH = 10_000
_DEEP = 200
"""From this depth on, nested values are taken as text: Python's recursion ends before PostgreSQL's does."""

_DEEPEST = 5_000
# Half a pair of surrogates is what its whole pair, which comes first, leaves.
_ESCAPE = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u([0-9a-fA-F]{4})|\\.", re.DOTALL)
# PostgreSQL's numbers have 131,072 digits before the point and 16,383 after it.
_EXPONENT = re.compile(r"[0-9][eE][+-]?0*[0-9]{5}|[0-9]{16000}")
INVALID = object()
"""What stands for a text that is no JSON, or none that can be kept."""


@dataclass(frozen=True)
class _Nested:
    """A list or object further in than _DEEP, as its canonical text."""

    text: str


class Values:
    """The distinct values met, each with its code and its canonical JSON text.

    Attributes:
        texts: the canonical JSON text of each code; texts[NULL] is "null".
    """

    def __init__(self) -> None:
        self.texts: list[str] = ["null"]
        self._by_text: dict[str, int] = {"null": NULL}
        # Most values are strings and integers; no other value's text is that of one of theirs.
        self._by_string: dict[str, int] = {}
        self._by_integer: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self.texts)

    def code(self, value: Any) -> int:
        """The code of one JSON value as parsed (str, bool, int, float, Decimal, list, dict or None)."""
        if type(value) is str:
            known = self._by_string.get(value)
            if known is None:
                known = self._by_string[value] = len(self.texts)
                self.texts.append(orjson.dumps(value).decode())
            return known
        if type(value) is int:
            known = self._by_integer.get(value)
            if known is None:
                known = self._by_integer[value] = self._intern(str(value))
            return known
        return NULL if value is None else self._intern(canonical_text(value))

    def encode(self, values: Iterable[Any]) -> Codes:
        """The codes of parsed JSON values, int64, same order."""
        known, code = self._by_string.get, self.code
        # A known string, the usual case, spares a call; a string's code is never 0.
        return np.fromiter(((type(value) is str and known(value)) or code(value) for value in values), dtype=np.int64)

    def encode_strings(self, column: pa.ChunkedArray) -> Codes:
        """The codes of a column of text; missing is null."""
        position, distinct = distinct_texts(column)
        return np.append(self.encode(distinct.to_pylist()), NULL)[position]

    def _intern(self, text: str) -> int:
        code = self._by_text.get(text)
        if code is None:
            code = self._by_text[text] = len(self.texts)
            self.texts.append(text)
        return code


def distinct_texts(column: pa.ChunkedArray) -> tuple[Codes, pa.Array]:
    """For each row the position of its text among the distinct ones (-1: missing), and these."""
    encoded = column.dictionary_encode().combine_chunks()
    position: Codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return position, encoded.dictionary


def parse(column: pa.Array | pa.ChunkedArray) -> Iterator[Any]:
    """The values of a column of JSON texts, exact in every digit (long numbers become int or Decimal); None for a missing text.

    Some at a time, so that they never stand in memory all together.
    """
    for start in range(0, len(column), _BATCH):
        texts = column.slice(start, _BATCH).fill_null("null").to_pylist()
        joined = ",".join(texts)
        if _LONG_NUMBER.search(joined) is None and not any(map(_may_be_deep, texts)):
            yield from orjson.loads("[" + joined + "]")
        else:
            yield from map(_parse_one, texts)


def parse_each(texts: Iterable[str | None]) -> Iterator[Any]:
    """The values of JSON texts that nobody has checked, exact in every digit; INVALID for what is no JSON that can be kept."""
    for text in texts:
        if text is None:
            yield None
            continue
        try:
            yield INVALID if _never_stored(text) else _parse_one(text)
        except (ValueError, IndexError, RecursionError, ArithmeticError):
            yield INVALID


def storable(text: str) -> str:
    """A row's JSON text as jsonb can keep it: what it refuses within texts is written out, else the row stands as one text."""
    if _EXPONENT.search(text) or _may_be_deep(text, _DEEPEST):
        return orjson.dumps(text).decode()
    return _ESCAPE.sub(_written_out, text) if "\\u" in text else text


def _written_out(escape: re.Match[str]) -> str:
    code = escape[1]
    refused = code is not None and (code == "0000" or 0xD800 <= int(code, 16) <= 0xDFFF)
    return "\\" + escape[0] if refused else escape[0]


def _never_stored(text: str) -> bool:
    """Whether jsonb refuses a text that JSON allows: a zero character, half a pair of surrogates, a number beyond its numbers."""
    if _EXPONENT.search(text):
        return True
    return "\\u" in text and any(_written_out(escape) != escape[0] for escape in _ESCAPE.finditer(text))


def _parse_one(text: str) -> Any:
    if _may_be_deep(text):
        return _parse_deep(text)
    return _parse_exactly(text) if _LONG_NUMBER.search(text) else orjson.loads(text)


def _parse_exactly(text: str) -> Any:
    return json.loads(text, parse_float=Decimal, parse_int=_integer, parse_constant=_no_constant)


def _may_be_deep(text: str, limit: int = _DEEP) -> bool:
    return len(text) > 2 * limit and text.count("[") + text.count("{") > limit


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is no JSON")


def _parse_deep(text: str) -> Any:
    """One JSON text, however deep, without recursion."""
    whole: list[Any] = []
    path: list[tuple[list[Any], bool]] = []  # what is open around the parts at hand, and whether these are a list's
    parts = whole
    for piece in _TOKEN.findall(text):
        if piece in "[{":
            path.append((parts, piece == "["))
            parts = []
        elif piece in "]}":
            value: Any = parts if path[-1][1] else dict(zip(parts[::2], parts[1::2], strict=True))
            value = _Nested(canonical_text(value)) if len(path) > _DEEP else value
            parts, _ = path.pop()
            parts.append(value)
        elif piece not in ",:":
            parts.append(_parse_exactly(piece))
    return whole[0]


def _integer(text: str) -> int | Decimal:
    # Python refuses to read or write an int of more than 4,300 digits; PostgreSQL's numeric has up to 131,072.
    return int(text) if len(text) < 19 else Decimal(text)


def as_jsonb(value: Any) -> str:
    """One JSON text for all values that PostgreSQL's jsonb holds equal: 1 = 1.0 and key order does not count, list order does."""
    match value:
        case list():
            return "[" + ",".join(map(as_jsonb, value)) + "]"
        case dict():
            return (
                "{" + ",".join(sorted(orjson.dumps(key).decode() + ":" + as_jsonb(value[key]) for key in value)) + "}"
            )
        case _:
            return canonical_text(value)


def as_account(value: Any) -> str | None:
    """An account's id as the log writes it, as text: a journal may write it as a number."""
    return value if value is None or type(value) is str else canonical_text(value)


def text_of_account(text: str) -> str | None:
    """The account's id that a canonical JSON text holds; None for null."""
    return orjson.loads(text) if text.startswith('"') else None if text == "null" else text


def canonical_text(value: Any) -> str:
    """The one JSON text for all values that count as equal: sets for lists, no null members."""
    match value:
        case None:
            return "null"
        case _Nested():
            return value.text
        case bool():
            return "true" if value else "false"
        case str():
            return orjson.dumps(value).decode()
        case int():
            return str(value)
        case float() | Decimal():
            return _number(Decimal(repr(value)) if isinstance(value, float) else value)
        case list():
            members = sorted({canonical_text(member) for member in value})
            return "[" + ",".join(members) + "]" if members else "null"
        case dict():
            pairs = sorted((orjson.dumps(key).decode(), canonical_text(member)) for key, member in value.items())
            return "{" + ",".join(f"{key}:{member}" for key, member in pairs if member != "null") + "}"
        case _:
            raise TypeError(f"{type(value).__name__} is not a JSON value")


def _number(value: Decimal) -> str:
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
