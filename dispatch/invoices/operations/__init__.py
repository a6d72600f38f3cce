"""What is done with invoices: asked for, issued, noted on site, ended, red-lettered, sent to a provider, kept as files."""

from dispatch.invoices.operations.asking import ask, set_tax_code
from dispatch.invoices.operations.ending import make_void, refuse, withdraw
from dispatch.invoices.operations.filing import attach
from dispatch.invoices.operations.issuing import issue
from dispatch.invoices.operations.moves import on_number
from dispatch.invoices.operations.noting import note_number, note_on_site, set_aside
from dispatch.invoices.operations.reding import red_letter

__all__ = [
    "ask",
    "attach",
    "issue",
    "make_void",
    "note_number",
    "note_on_site",
    "on_number",
    "red_letter",
    "refuse",
    "set_aside",
    "set_tax_code",
    "withdraw",
]
