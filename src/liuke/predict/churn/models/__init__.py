"""Churn models, one per file: a learner and the simple rules that it has to beat."""
