"""Store: where the shop's data lie and how they are written."""
