"""NDJSON: one object a line."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import orjson
import pyarrow as pa


def lines(batches: Iterable[pa.Table], to_object: Callable[[dict[str, Any]], dict[str, Any]]) -> Iterator[bytes]:
    """Each batch's rows as lines of JSON, UTF-8."""
    for table in batches:
        # row by row: each becomes an object of its own, nested as its schema wants it
        yield b"".join(orjson.dumps(to_object(row), option=orjson.OPT_APPEND_NEWLINE) for row in table.to_pylist())


def changes_of(text: str) -> list[dict[str, Any]]:
    """The changes of an event, for writing: numbers keep every digit, which no float or 64-bit integer does."""
    changes: list[dict[str, Any]] = json.loads(text, parse_int=_as_it_stands, parse_float=_as_it_stands)
    return changes


def _as_it_stands(text: str) -> orjson.Fragment:
    return orjson.Fragment(text.encode())


def without_none(values: dict[str, Any]) -> dict[str, Any]:
    """Without what is None; an unknown value is left out, not told as null."""
    return {name: value for name, value in values.items() if value is not None}
