"""Is the process up?"""

from __future__ import annotations

from datetime import date
from typing import Literal

from liuke.app.http.models.common import Model


class Health(Model):
    """Is the process up, and is there something to show?"""

    status: Literal["ok"] = "ok"
    published: bool
    as_of: date | None
