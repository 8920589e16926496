"""What a mapping makes of a file's rows for one table, as SQL."""

from __future__ import annotations

from dataclasses import dataclass

from liuke.collect.sources.expressions import Expression


@dataclass(frozen=True)
class Emission:
    """Rows of one table.

    Parameters
    ----------
    table : str
    when : str
        Which of the file's rows take part.
    groups : tuple of str
        SQL of the grouping; empty for one row per file row.
    fields : dict of str to Expression
        The mapping's fields, with ``identity``, ``occurred`` and ``recorded`` where the row has them.
    doubtful : str
        Which rows may take part although ``when`` doesn't say so: it looks at a value that can't be read.
    """

    table: str
    when: str
    groups: tuple[str, ...]
    fields: dict[str, Expression]
    doubtful: str = "false"
