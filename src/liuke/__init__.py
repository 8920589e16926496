"""Liuke (留客): keeps the customers that a shop has already won.

The folders are the work in its order: collect, understand, predict, decide, engage, learn. `app` plugs them together.
"""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("liuke")
except PackageNotFoundError:  # a source tree on PYTHONPATH that was never installed
    __version__ = "0.0.0"
