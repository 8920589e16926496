"""What does the console read? A folder of files that is built beside the old one and flipped in at once."""

from .build import publish
from .contracts import Build, MetricWord, PublishSource, StrategyWord, TagWord, Vocabulary
from .errors import NothingPublished
from .look_ups import (
    CustomerQuery,
    Page,
    Sort,
    TagFilter,
    contacts_of,
    customers_of,
    find_customers,
    identities_of,
    one_customer,
    parse_tag_filter,
    timeline,
)
from .pointer import current_build
from .reader import OpenBuild, PublishedReader

__all__ = [
    "Build",
    "CustomerQuery",
    "MetricWord",
    "NothingPublished",
    "OpenBuild",
    "Page",
    "PublishSource",
    "PublishedReader",
    "Sort",
    "StrategyWord",
    "TagFilter",
    "TagWord",
    "Vocabulary",
    "contacts_of",
    "current_build",
    "customers_of",
    "find_customers",
    "identities_of",
    "one_customer",
    "parse_tag_filter",
    "publish",
    "timeline",
]
