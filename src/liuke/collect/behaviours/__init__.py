"""The catalogue of events that a customer can cause, as data."""

from liuke.collect.behaviours.catalogue import Behaviour, Catalogue, load_catalogue

__all__ = ["Behaviour", "Catalogue", "load_catalogue"]
