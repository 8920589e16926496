"""History: what the shop knew at a moment. The only door through which facts are read."""

from liuke.collect.history.cluster import ClusterHistory, ClusterMoment
from liuke.collect.history.history import History
from liuke.collect.history.moment import Moment
from liuke.collect.history.record import record_days

__all__ = ["ClusterHistory", "ClusterMoment", "History", "Moment", "record_days"]
