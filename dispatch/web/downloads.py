"""Files that somebody keeps: a spreadsheet under its name."""

from __future__ import annotations

import io

from flask import Response, send_file

from dispatch.tabular.writing import SHEET_KIND, Table, workbook


def spreadsheet(name: str, *tables: Table) -> Response:
    """A sheet for each table, in a file of that name."""
    return send_file(io.BytesIO(workbook(*tables)), mimetype=SHEET_KIND, as_attachment=True, download_name=name)
