"""Published scores, where tags can read them."""

from __future__ import annotations

from liuke.app.bootstrap import Application
from liuke.collect.history import Moment
from liuke.predict.churn import CHURN_SCORES
from liuke.predict.clv import CUSTOMER_VALUES
from liuke.predict.early_warning import WARNINGS

SCORE_TABLES = {"churn": CHURN_SCORES.name, "early_warning": WARNINGS.name, "clv": CUSTOMER_VALUES.name}
"""The lake table with the scores of each model."""


def published_scores(app: Application, moment: Moment) -> dict[str, str]:
    """Show a moment's engine the published scores; return the relation of each model."""
    for model, table in SCORE_TABLES.items():
        scan = app.lake.scan_sql(table)
        moment.connection.execute(f"CREATE OR REPLACE TEMP VIEW scores_{model} AS SELECT * FROM {scan}")
    return {model: f"scores_{model}" for model in SCORE_TABLES}
