"""Decide: whom to contact about what, and whom to leave alone."""
