"""App: plugs the rooms together and faces the outside. Only here is the clock read."""
