"""Which records belong to one customer? By deterministic keys only."""

from liuke.collect.identity.components import component_map, overshared_keys
from liuke.collect.identity.contracts import PERSONAL_FIELDS, Inbox, Profile, ProfileRecord
from liuke.collect.identity.normal import keys_of, normal_sql, normal_value
from liuke.collect.identity.profiles import ProfileBook
from liuke.collect.identity.tables import IDENTITIES, IDENTITY_MAP, profiles

__all__ = [
    "IDENTITIES",
    "IDENTITY_MAP",
    "PERSONAL_FIELDS",
    "Inbox",
    "Profile",
    "ProfileBook",
    "ProfileRecord",
    "component_map",
    "keys_of",
    "normal_sql",
    "normal_value",
    "overshared_keys",
    "profiles",
]
