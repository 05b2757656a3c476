"""Text that a spreadsheet might run as a formula: guarded by one ', and the guard taken off again.

By what spreadsheets do, not by the first ASCII character: they pass over blanks of every width and byte order marks, read full-width
signs as ASCII's, and split lines at other separators than ours when asked to (or when they guess), inside of quotes, too.
"""

import re

import pyarrow as pa
import pyarrow.compute as pc

# Blanks, what has no width, controls, and quotes. Not: tab and line breaks, which separate.
_PASSED_OVER = (
    r"[ \"\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\xa0\x{ad}\x{61c}\x{1680}\x{180e}\x{2000}-\x{200f}\x{2028}-\x{202f}"
    r"\x{205f}-\x{206f}\x{3000}\x{feff}]*"
)
_SIGNS = r"=+\-@\x{ff1d}\x{ff0b}\x{ff0d}\x{ff20}\x{fe66}\x{fe62}\x{fe63}\x{fe6b}"
_SEPARATORS = r"[;,|\t\r\n]"
_WITHIN = rf"({_SEPARATORS}{_PASSED_OVER})(GUARD'*[{_SIGNS}])"
_AT_START = rf"^({_PASSED_OVER})(GUARD'*[{_SIGNS}\t\r\n])"

RULE = (
    "In text, ' stands before each of = + - @ (full-width ones, too) at the beginning of a cell, or after ; , | a tab or a line break "
    "in it, blanks and quotes in between passed over; and before a tab or a line break at the beginning. So that no spreadsheet runs it "
    "as a formula: numbers and phone numbers in text begin with ', too (-5 as '-5). To have the value as it is, take off one ' there."
)
"""What guarded does, for whoever reads a file."""


def guarded(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Texts with ' before whatever may begin a formula; null stays null."""
    column = pc.replace_substring_regex(column, _WITHIN.replace("GUARD", ""), r"\1'\2")
    return pc.replace_substring_regex(column, _AT_START.replace("GUARD", ""), r"\1'\2")


def unguarded(text: str) -> str:
    """The value of a guarded cell, exactly."""
    return _GUARD_WITHIN.sub(r"\1\2", _GUARD_AT_START.sub(r"\1\2", text))


def _for_python(pattern: str) -> "re.Pattern[str]":
    # \x{2000} is how Arrow's RE2 writes what Python writes \u2000
    return re.compile(re.sub(r"\\x\{(\w+)\}", lambda code: f"\\u{int(code[1], 16):04x}", pattern))


_GUARD_AT_START = _for_python(_AT_START.replace("(GUARD", "'("))
_GUARD_WITHIN = _for_python(_WITHIN.replace("(GUARD", "'("))
