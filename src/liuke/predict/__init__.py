"""Predict: who is drifting away, why, and what is at stake."""
