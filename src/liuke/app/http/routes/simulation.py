"""Measured beside true effects: only in the workspace of a simulated shop."""

from __future__ import annotations

from fastapi import APIRouter

from liuke.app.http.dependencies import Context, SignedInUser
from liuke.app.http.models import Simulation
from liuke.app.http.problems import HttpError
from liuke.app.publish import read_simulation

router = APIRouter(prefix="/api/simulation", tags=["simulation"])


@router.get("", operation_id="getSimulation")
def get_simulation(user: SignedInUser, context: Context) -> Simulation:
    """Return what was measured beside what is true, as the demo compared them."""
    document = read_simulation(context.workspace.published_dir)
    if document is None:
        raise HttpError(404, "no_simulation", "This shop isn't simulated.", "Only `liuke demo` knows true effects.")
    return Simulation.model_validate(document)
