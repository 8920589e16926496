"""`liuke.toml`: every setting typed, with a default, a unit and a sentence above it."""

from __future__ import annotations

import os
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import PydanticUndefined

from liuke.engage.outreach.config import OutreachSettings
from liuke.kernel import SettingsError, ShopProfile
from liuke.learn.experiments.config import ExperimentSettings
from liuke.predict.churn.config import ChurnSettings
from liuke.predict.clv.config import ValueSettings
from liuke.predict.early_warning.config import WarningSettings
from liuke.understand.metrics.config import MetricSettings
from liuke.understand.segments.config import SegmentSettings

OPERATIONS_URL = "LIUKE_OPERATIONS_URL"


class StoreSettings(BaseModel):
    """The ``[store]`` section."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    operations_url: str = Field(
        "",
        description="Operational database as a SQLAlchemy URL; empty: SQLite in the workspace. A password belongs into "
        f"the environment variable {OPERATIONS_URL}, which overrides this.",
    )
    memory_mb: int = Field(1024, ge=256, description="Memory limit of one analysis engine, in MiB.")


class SourceSettings(BaseModel):
    """The ``[sources]`` section."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data_dir: str = Field(
        "inbox", description="Folder that the file patterns of mappings start from; relative to the workspace."
    )
    earliest_day: date = Field(
        date(1995, 1, 1),
        description="Rows that speak of an earlier day go to quarantine: there were no web shops before, and "
        "1970-01-01 is what computers write for no date.",
    )
    ahead_days: int = Field(
        2,
        ge=0,
        description="Rows that speak of a day further ahead of their loading go to quarantine, in days: clocks and "
        "zones differ by a day, hardly by more than two.",
    )
    stale_after_days: int = Field(
        30,
        ge=1,
        description="Days without a new order or behaviour after which a run warns, and figures of the days since are "
        "shown as unknown instead of zero.",
    )


class ServerSettings(BaseModel):
    """The ``[server]`` section."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field("127.0.0.1", description="Address the console listens on; loopback only unless changed.")
    port: int = Field(8420, ge=1, le=65535, description="Port the console listens on.")


class Settings(BaseModel):
    """All sections of ``liuke.toml``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    shop: ShopProfile = Field(default_factory=ShopProfile)
    sources: SourceSettings = Field(default_factory=SourceSettings)
    store: StoreSettings = Field(default_factory=StoreSettings)
    metrics: MetricSettings = Field(default_factory=MetricSettings)
    churn: ChurnSettings = Field(default_factory=ChurnSettings)
    clv: ValueSettings = Field(default_factory=ValueSettings)
    warning: WarningSettings = Field(default_factory=WarningSettings)
    experiments: ExperimentSettings = Field(default_factory=ExperimentSettings)
    outreach: OutreachSettings = Field(default_factory=OutreachSettings)
    segments: SegmentSettings = Field(default_factory=SegmentSettings)
    server: ServerSettings = Field(default_factory=ServerSettings)


def load_settings(path: Path) -> Settings:
    """Read and check ``liuke.toml``.

    Raises
    ------
    SettingsError
        Naming each wrong key, its value and what was expected.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} can't be read: {error}", "mend the line, or compare with `liuke init`") from None
    try:
        settings = Settings.model_validate(document)
    except ValidationError as error:
        lines = [f"  {'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()]
        raise SettingsError(
            f"{path} has settings that can't be used:\n" + "\n".join(lines), "docs/reference/settings.md lists them all"
        ) from None
    if url := os.environ.get(OPERATIONS_URL):
        settings = settings.model_copy(update={"store": settings.store.model_copy(update={"operations_url": url})})
    return settings


def settings_text(chosen: dict[str, dict[str, Any]] | None = None) -> str:
    """Return a ``liuke.toml`` with every setting, its sentence above it; those not chosen stand at their default.

    Parameters
    ----------
    chosen : dict of section to dict of key to value, optional
    """
    chosen = chosen or {}
    parts = [
        "# Settings of this workspace. Each stands here with its default; delete a line to follow future defaults.\n"
    ]
    for section, field in Settings.model_fields.items():
        model = field.annotation
        assert isinstance(model, type)
        assert issubclass(model, BaseModel)
        parts.append(_section_text(section, model, chosen.get(section, {})))
    return "\n".join(parts)


def _section_text(section: str, model: type[BaseModel], chosen: dict[str, Any]) -> str:
    lines, nested = [f"[{section}]"], []
    for key, field in model.model_fields.items():
        default = field.get_default(call_default_factory=True)
        value = chosen.get(key, default)
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            nested.append(_section_text(f"{section}.{key}", field.annotation, chosen.get(key, {})))
            continue
        lines.append(f"# {field.description}")
        if value is None or value is PydanticUndefined:
            lines.append(f"# {key} =")
        else:
            lines.append(f"{key} = {_toml(value)}")
    return "\n".join(lines) + "\n" + "".join("\n" + text for text in nested)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
