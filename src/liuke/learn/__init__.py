"""Learn: prove with control groups what the work has changed."""
