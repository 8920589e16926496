"""Use case: build the tags of a moment that stands on Spark."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from liuke.understand.tags.compiler import Plan, PlanStep, compile_plan
from liuke.understand.tags.dialect_spark import Spark
from liuke.understand.tags.sources import Kind
from liuke.understand.tags.tagset import TagSet

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_ARROW: Mapping[Kind, pa.DataType] = {
    "integer": pa.int64(), "double": pa.float64(), "text": pa.string(), "date": pa.date32(),
    "timestamp": pa.timestamp("us"), "boolean": pa.bool_(), "list": pa.list_(pa.string()),
    "number_list": pa.list_(pa.float64()),
}  # fmt: skip


class ClusterSnapshot(Protocol):
    """What is needed of a moment on Spark of `collect.history`."""

    @property
    def as_of(self) -> dt.date:
        """The day at whose 00:00 the views stand."""

    @property
    def session(self) -> SparkSession:
        """The session with the views."""


def build_tags_on_spark(
    moment: ClusterSnapshot,
    tagset: TagSet,
    scratch_dir: Path,
    names: Iterable[str] | None = None,
    scores: Mapping[str, str] | None = None,
) -> pa.Table:
    """Compute tags of every customer; the same table as `build_tags` gives.

    Parameters
    ----------
    moment : ClusterMoment
        What the shop knew at 00:00 of `as_of`.
    scratch_dir : Path
        Where the workers leave the result for the driver; a folder that all of them reach under this path.
    names : iterable of str, optional
        Tags to compute, in this order; by default all that are not hidden.
    scores : mapping of model to relation, optional
        Published scores that `model` nodes read, as views of the moment's session.

    Returns
    -------
    pa.Table, shape (n_customers, 1 + n_tags)
        `customer_id`, then a column per tag; ordered by `customer_id`.
    """
    plan = compile_plan(tagset, names, moment.as_of, dialect=Spark, scores=scores)
    scratch_dir.mkdir(parents=True, exist_ok=True)
    with _kept(moment.session, plan) as frame, TemporaryDirectory(dir=scratch_dir) as folder:
        target = Path(folder).resolve() / "tags"
        frame.write.parquet(str(target))
        found = pq.read_table(target)
    schema = pa.schema([("customer_id", pa.int64()), *((column.key, _ARROW[column.kind]) for column in plan.columns)])
    return found.select(schema.names).cast(schema).sort_by("customer_id").combine_chunks()


@contextmanager
def _kept(session: SparkSession, plan: Plan) -> Iterator[DataFrame]:
    """Yield a plan's last step, with the rows of those before it that are read more than once kept while it runs.

    Spark writes a step into each of its readers and would compute it as often as it is read. Rows of sources are kept
    in parts by customer, however many they are: what groups them by customer then moves no row between machines.
    """
    bodies = [*(step.body for step in plan.steps), plan.final]
    partitions = int(session.conf.get("spark.sql.shuffle.partitions") or 200)
    waiting: list[PlanStep] = []  # to be written into their one reader
    kept: dict[str, DataFrame] = {}
    with ExitStack() as stack:
        stack.enter_context(_setting(session, "spark.sql.adaptive.enabled", "false"))  # it would join the parts again
        try:
            for step in plan.steps:
                if step.scan:
                    kept[step.name] = session.sql(step.body).repartition(partitions, "customer_id").persist()
                elif _times_read(bodies, step.name) > 1:
                    kept[step.name] = session.sql(_written(waiting, step.body)).persist()
                else:
                    waiting.append(step)
                    continue
                kept[step.name].createOrReplaceTempView(step.name)
            # from here on every relation has a row per customer, or many: none is worth a copy on every machine
            stack.enter_context(_setting(session, "spark.sql.autoBroadcastJoinThreshold", "-1"))
            yield session.sql(_written(waiting, plan.final))
        finally:
            for name, frame in kept.items():
                session.catalog.dropTempView(name)
                frame.unpersist()


def _written(steps: Sequence[PlanStep], body: str) -> str:
    """Return a SELECT with those of the steps before it that it needs."""
    needed: list[PlanStep] = []
    for step in reversed(steps):
        if _times_read([body, *(one.body for one in needed)], step.name):
            needed.insert(0, step)
    parts = ",\n".join(Spark.cte(step.name, step.body, step.references) for step in needed)
    return f"WITH {parts}\n{body}" if needed else body


@contextmanager
def _setting(session: SparkSession, name: str, value: str) -> Iterator[None]:
    before = session.conf.get(name)
    session.conf.set(name, value)
    try:
        yield
    finally:
        session.conf.set(name, before)


def _times_read(bodies: Iterable[str], name: str) -> int:
    return sum(len(re.findall(rf"(?:FROM|JOIN)\s+{re.escape(name)}\b", body)) for body in bodies)
