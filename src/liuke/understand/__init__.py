"""Understand: what the facts say about one customer (`tags`) and about the shop (`metrics`)."""
