"""What is printed: progress, and small tables with the ratios first."""

from collections.abc import Sequence


def say(text: str) -> None:
    """A line of progress, at once."""
    print(f"  .. {text}", flush=True)


def show(title: str, rows: Sequence[tuple[str, str, str]]) -> None:
    """A table of (what, figure, remark)."""
    first, second = (max(len(row[column]) for row in rows) for column in (0, 1))
    print(f"\n{title}")
    for what, figure, remark in rows:
        print(f"  {what:<{first}}  {figure:>{second}}  {remark}".rstrip())
    print(flush=True)


def seconds(value: float) -> str:
    return f"{value:.2f} s"


def times(value: float) -> str:
    return f"{value:.2f} x"


def megabytes(value: float) -> str:
    return f"{value / 1e6:,.0f} MB"
