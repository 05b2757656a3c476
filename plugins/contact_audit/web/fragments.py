"""The smallest pieces of a page, of which one has hundreds: made here, since a template takes several times as long.

templates/parts.html gives them to the pages. Whatever is put in is escaped.
"""

from collections.abc import Iterable
from functools import cache

from markupsafe import Markup, escape

from contact_audit.web.shown import Piece, Value
from contact_audit.web.texts import TEXTS

text = {key: escape(words) for key, words in TEXTS.items()}
"""Every text that needs no values, escaped."""

kind_in_a_line = {
    key.removeprefix("kind_"): escape(words.lower()) for key, words in TEXTS.items() if key.startswith("kind_")
}
"""Kind of author → what it is called within a line."""

_NOTHING = {
    "none": Markup('<span class="none">{}</span>').format(text["empty"]),
    "blank": Markup('<span class="none">{}</span>').format(text["empty_text"]),
}
_WAS = Markup('<span class="sr">{} </span><del>').format(text["was"])
_NOW = Markup('<span class="sr">{} </span><ins>').format(text["now"])


@cache
def icon(name: str, class_: str = "") -> Markup:
    """An icon of icons.html."""
    found = Markup('<svg class="icon {}" aria-hidden="true" focusable="false"><use href="#i-{}"></use></svg>')
    return found.format(class_, name)


def pieces(parts: Iterable[Piece]) -> Markup:
    """A text with what would not be seen in it named."""
    return Markup("").join(
        Markup('<span class="hidden-character" title="{}">{}</span>').format(piece.note, piece.text)
        if piece.note
        else piece.text
        for piece in parts
    )


def value(shown: Value) -> Markup:
    """A value, or that there is none."""
    if shown.kind in _NOTHING:
        return _NOTHING[shown.kind]
    exact = Markup(' title="%s"') % shown.exact if shown.exact else Markup("")
    return Markup('<bdi class="value-%s"%s>%s</bdi>') % (shown.kind, exact, pieces(shown.pieces))


def old(shown: Value) -> Markup:
    """What a value was."""
    return _NOTHING.get(shown.kind) or _WAS + value(shown) + Markup("</del>")


def new(shown: Value) -> Markup:
    """What a value is now."""
    return _NOTHING.get(shown.kind) or _NOW + value(shown) + Markup("</ins>")
