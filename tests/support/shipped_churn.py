"""What a churn service reads of customers in a shop without behaviours or tags of its own."""

from __future__ import annotations

from liuke.collect.behaviours import load_catalogue
from liuke.predict.churn import TagFeatures, TagStrata
from liuke.understand.tags import load_definitions

FEATURES = TagFeatures.of(load_catalogue(None))
STRATA = TagStrata(load_definitions(catalogue=load_catalogue(None)))
