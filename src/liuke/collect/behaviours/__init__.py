"""The catalogue of events that a customer can cause, as data."""

from liuke.collect.behaviours.catalogue import Behaviour, Catalogue, ReadBehaviours, load_catalogue, read_behaviours

__all__ = ["Behaviour", "Catalogue", "ReadBehaviours", "load_catalogue", "read_behaviours"]
