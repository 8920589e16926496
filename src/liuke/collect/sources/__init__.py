"""How does a shop's file become canonical rows? Mappings as data, and ingestion that is all or nothing per file."""

from liuke.collect.sources.contracts import FileState, FoundFile, IngestReport, Load, LoadReport, RefusedFile
from liuke.collect.sources.errors import AccountingError, MappingError, RefusedFileError
from liuke.collect.sources.loads import hidden_loads, visible_at
from liuke.collect.sources.mapping import Mapping, load_mappings, parse_mapping
from liuke.collect.sources.service import Ingestor
from liuke.collect.sources.tables import CANONICAL, CUSTOMERS, ROW_KEYS, loads

__all__ = [
    "CANONICAL",
    "CUSTOMERS",
    "ROW_KEYS",
    "AccountingError",
    "FileState",
    "FoundFile",
    "IngestReport",
    "Ingestor",
    "Load",
    "LoadReport",
    "Mapping",
    "MappingError",
    "RefusedFile",
    "RefusedFileError",
    "hidden_loads",
    "load_mappings",
    "loads",
    "parse_mapping",
    "visible_at",
]
