"""The chart, in Superset's own terms: events a day by attribution, as stacked bars, from audit.daily_activity."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

from bench.superset.reader import Figures

NAME = "Events a day, by how their author is known"
_EVENTS = {"expressionType": "SIMPLE", "aggregate": "SUM", "column": {"column_name": "events"}, "label": "events"}
_DAY = {"columnType": "BASE_AXIS", "expressionType": "SQL", "label": "day", "sqlExpression": "day", "timeGrain": "P1D"}
_MOST_ROWS = 50_000


def definition(dataset: int, first: date, last: date) -> dict[str, Any]:
    """What Superset stores of the chart: how it is drawn, and the query that gives its data without drawing it."""
    span = f"{first} : {last + timedelta(days=1)}"
    drawn = {
        "datasource": f"{dataset}__table",
        "viz_type": "echarts_timeseries_bar",
        "x_axis": "day",
        "time_grain_sqla": "P1D",
        "metrics": [_EVENTS],
        "groupby": ["attribution"],
        "adhoc_filters": [
            {
                "clause": "WHERE",
                "expressionType": "SIMPLE",
                "subject": "day",
                "operator": "TEMPORAL_RANGE",
                "comparator": span,
            }
        ],
        "row_limit": _MOST_ROWS,
        "stack": "Stack",
        "sort_series_type": "sum",
        "truncate_metric": True,
        "show_legend": True,
        "legendOrientation": "top",
        "legendType": "plain",
        "rich_tooltip": True,
        "x_axis_time_format": "smart_date",
        "y_axis_format": "~g",
        "y_axis_title": "events",
        "y_axis_title_margin": 40,
        "y_axis_title_position": "Left",
    }
    filters = [{"col": "day", "op": "TEMPORAL_RANGE", "val": span}]
    return {
        "slice_name": NAME,
        "viz_type": drawn["viz_type"],
        "datasource_id": dataset,
        "datasource_type": "table",
        "params": json.dumps(drawn),
        "query_context": json.dumps(
            query(dataset, columns=[_DAY, "attribution"], metrics=[_EVENTS], filters=filters, row_limit=_MOST_ROWS)
        ),
    }


def query(dataset: int, **wanted: Any) -> dict[str, Any]:
    """A query of Superset's data API."""
    return {
        "datasource": {"id": dataset, "type": "table"},
        "force": True,
        "queries": [wanted],
        "result_format": "json",
        "result_type": "full",
    }


def figures_of(rows: list[dict[str, Any]]) -> Figures:
    """The figures in rows of the saved query: a day, an attribution and a number each."""
    return {(_day(row["day"]), row["attribution"]): row["events"] for row in rows}


def figures_drawn(rows: list[dict[str, Any]]) -> Figures:
    """The figures in rows as the drawn chart gets them: a day each, with a column for every attribution."""
    return {
        (_day(row["day"]), column.rsplit(", ", 1)[-1]): events
        for row in rows
        for column, events in row.items()
        if column != "day" and events
    }


def _day(milliseconds: float) -> date:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).date()
