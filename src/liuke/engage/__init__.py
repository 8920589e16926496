"""Engage: deliver what was decided, never twice and never to somebody who did not agree."""
