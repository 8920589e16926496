"""What the API answers: one model per payload, ids as strings, amounts in minor units, `as_of` on each."""

from liuke.app.http.models.admin import Administration, AuditRow, Run, UserRow
from liuke.app.http.models.common import Id, Level, Model, Note, Problem, RoleName, TagKind, Unit, Value, Words
from liuke.app.http.models.customer import (
    Arm,
    Child,
    Contact,
    Contactable,
    CustomerDetail,
    CustomerTag,
    Profile,
    Reason,
    Risk,
    TagFamily,
)
from liuke.app.http.models.customers import CustomerPage, CustomerRow, TagDefinition, TagList, TagValue
from liuke.app.http.models.data import Data, LakeTable, Load, QuarantineCount
from liuke.app.http.models.health import Health
from liuke.app.http.models.outreach import OutboxState, Outreach
from liuke.app.http.models.overview import (
    Cohort,
    CohortCell,
    Effect,
    Metric,
    Overview,
    Point,
    RiskLevel,
    Strategy,
    Totals,
)
from liuke.app.http.models.session import Credentials, PreferenceChange, Session
from liuke.app.http.models.timeline import Timeline, TimelineEntry

__all__ = [
    "Administration",
    "Arm",
    "AuditRow",
    "Child",
    "Cohort",
    "CohortCell",
    "Contact",
    "Contactable",
    "Credentials",
    "CustomerDetail",
    "CustomerPage",
    "CustomerRow",
    "CustomerTag",
    "Data",
    "Effect",
    "Health",
    "Id",
    "LakeTable",
    "Level",
    "Load",
    "Metric",
    "Model",
    "Note",
    "OutboxState",
    "Outreach",
    "Overview",
    "Point",
    "PreferenceChange",
    "Problem",
    "Profile",
    "QuarantineCount",
    "Reason",
    "Risk",
    "RiskLevel",
    "RoleName",
    "Run",
    "Session",
    "Strategy",
    "TagDefinition",
    "TagFamily",
    "TagKind",
    "TagList",
    "TagValue",
    "Timeline",
    "TimelineEntry",
    "Totals",
    "Unit",
    "UserRow",
    "Value",
    "Words",
]
