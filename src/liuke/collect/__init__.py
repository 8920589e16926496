"""Collect: bring what a shop knows about its customers into one history, with nothing lost or invented."""
