"""Writers for csv, csv.gz, parquet and xlsx whose bytes depend on the rows alone: no clock, no host, no thread order.

A writer opens its file at the first rows, so that a period without rows leaves no file, and takes them chunk by chunk.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol
from xml.sax.saxutils import escape

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet


class Writer(Protocol):
    """Takes tables of one schema; `close` finishes the file."""

    def write(self, table: pa.Table) -> None:
        """Append rows."""

    def close(self) -> None:
        """Finish the file."""


class CsvFile:
    """A csv file, compressed where its name ends in ``.gz``."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        compression = "gzip" if path.suffix == ".gz" else None
        self._sink = pa.output_stream(str(path), compression=compression)
        options = pyarrow.csv.WriteOptions(quoting_style="needed")
        self._writer = pyarrow.csv.CSVWriter(self._sink, schema, write_options=options)

    def write(self, table: pa.Table) -> None:
        """Append rows."""
        self._writer.write_table(table)

    def close(self) -> None:
        """Finish the file."""
        self._writer.close()
        self._sink.close()


class ParquetFile:
    """A parquet file."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._writer = pyarrow.parquet.ParquetWriter(str(path), schema, compression="zstd")

    def write(self, table: pa.Table) -> None:
        """Append rows."""
        self._writer.write_table(table)

    def close(self) -> None:
        """Finish the file."""
        self._writer.close()


class XlsxFile:
    """A workbook with one sheet, written as it comes.

    Written by hand because spreadsheet libraries stamp the time into the file and need ten times as long; the few parts
    of the format that a reader asks for are below.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._path = path
        self._rows = [_xlsx_row(schema.names)]

    def write(self, table: pa.Table) -> None:
        """Append rows; numbers become numbers, everything else text."""
        columns = [column.to_pylist() for column in table.columns]
        self._rows.extend(_xlsx_row(row) for row in zip(*columns, strict=True))

    def close(self) -> None:
        """Finish the file."""
        sheet = f'{_XML}<worksheet xmlns="{_MAIN}"><sheetData>' + "".join(self._rows) + "</sheetData></worksheet>"
        with zipfile.ZipFile(self._path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in (*_XLSX_PARTS, ("xl/worksheets/sheet1.xml", sheet)):
                entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, text)


_FORMATS: dict[str, Callable[[Path, pa.Schema], Writer]] = {
    ".csv": CsvFile,
    ".gz": CsvFile,
    ".parquet": ParquetFile,
    ".xlsx": XlsxFile,
}


def open_writer(path: Path, schema: pa.Schema) -> Writer:
    """Open the writer that fits the name of `path`, creating its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return _FORMATS[path.suffix](path, schema)


_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_XLSX_PARTS = (
    (
        "[Content_Types].xml",
        f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/></Types>',
    ),
    (
        "_rels/.rels",
        f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    ),
    (
        "xl/workbook.xml",
        f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">'
        '<sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>',
    ),
    (
        "xl/_rels/workbook.xml.rels",
        f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
    ),
)


def _xlsx_row(values: Iterable[object]) -> str:
    return "<row>" + "".join(_xlsx_cell(value) for value in values) + "</row>"


def _xlsx_cell(value: object) -> str:
    if value is None:
        return "<c/>"
    if isinstance(value, int | float):
        return f"<c><v>{value}</v></c>"
    return f'<c t="inlineStr"><is><t>{escape(str(value))}</t></is></c>'
