"""Which records belong to one customer? By deterministic keys only."""

from liuke.collect.identity.components import component_map, overshared_keys

__all__ = ["component_map", "overshared_keys"]
