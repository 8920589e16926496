"""What does the console read? A folder of files that is built beside the old one and flipped in at once."""

from liuke.app.publish.build import publish
from liuke.app.publish.contracts import Build, MetricWord, PublishSource, StrategyWord, TagWord, Vocabulary
from liuke.app.publish.errors import NothingPublishedError
from liuke.app.publish.happenings import HAPPENINGS, PRODUCTS
from liuke.app.publish.look_ups import (
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
    persons_of,
    timeline,
)
from liuke.app.publish.pointer import current_build
from liuke.app.publish.reader import OpenBuild, PublishedReader
from liuke.app.publish.simulation import read_simulation, write_simulation
from liuke.app.publish.tables import TAG_PREFIX
from liuke.app.publish.value_words import NAMED_COLUMNS, VALUE_WORDS

__all__ = [
    "HAPPENINGS",
    "NAMED_COLUMNS",
    "PRODUCTS",
    "TAG_PREFIX",
    "VALUE_WORDS",
    "Build",
    "CustomerQuery",
    "MetricWord",
    "NothingPublishedError",
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
    "persons_of",
    "publish",
    "read_simulation",
    "timeline",
    "write_simulation",
]
