"""The routes of the API, one module per page of the console."""

from fastapi import APIRouter

from liuke.app.http.routes import (
    admin,
    customers,
    data,
    early_warning,
    health,
    outreach,
    overview,
    segments,
    session,
    simulation,
    trials,
    value,
)

ROUTERS: tuple[APIRouter, ...] = (
    health.router,
    session.router,
    overview.router,
    customers.router,
    early_warning.router,
    segments.router,
    outreach.router,
    trials.router,
    value.router,
    data.router,
    admin.router,
    simulation.router,
)

__all__ = ["ROUTERS"]
