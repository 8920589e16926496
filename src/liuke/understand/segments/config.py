"""How large a rule may be, and what a question to the engine may cost."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

MAX_DEPTH = 12
"""Groups within groups. Deeper, nobody can read a rule, and the recursion of every reader is at stake."""

MAX_NODES = 200
"""Conditions and groups of one rule."""

MAX_EXPANDED_NODES = 2_000
"""Conditions and groups once other segments are written out: segments of segments of segments double each time."""

MAX_LIST = 1_000
"""Values of one `in` list."""

MAX_TEXT = 200
"""Characters of one text."""

MAX_EXPRESSION = 2_000
"""Characters of one typed expression."""

MAX_TOKENS = 300
"""Words and signs of one typed expression."""

MAX_EXPRESSION_DEPTH = 24
"""Brackets, NOT and minus signs inside one another in a typed expression; its parser is recursive."""

MAX_FILE_BYTES = 262_144
"""Size of one definition file."""

MAX_RAW_PARTS = 20_000
"""Mappings, lists and values that are looked at before a document is refused; YAML aliases can hide more."""


class SegmentSettings(BaseModel):
    """The ``[segments]`` section: the engine that answers questions about rules which users wrote."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    memory_mb: int = Field(384, ge=64, le=65_536, description="Memory of the engine that evaluates rules, in MiB.")
    threads: int = Field(2, ge=1, le=64, description="Worker threads of that engine.")
    timeout_s: float = Field(10.0, gt=0, le=600, description="Seconds after which a question about a rule is stopped.")
