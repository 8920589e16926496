"""A workspace: the folder in which one shop's settings, definitions and data lie."""

from liuke.store.workspace.workspace import Workspace

__all__ = ["Workspace"]
