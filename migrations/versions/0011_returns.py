"""returns for repair: what came out of a vehicle is owed, and goes over the bench"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

OPEN = "'owed', 'received', 'diagnosed', 'at_supplier', 'scrap_proposed'"
CLOSED = "'repaired', 'no_fault_found', 'replaced', 'scrapped', 'void'"
FAULT_KNOWN = "'diagnosed', 'at_supplier', 'scrap_proposed', 'repaired', 'replaced', 'scrapped'"
FAULTS = (
    "'power', 'board', 'gnss', 'network', 'sim_contact', 'antenna', 'connector', 'storage', 'firmware', 'battery', 'water', "
    "'broken', 'card', 'other'"
)
CHECKS = {
    "status_known": f"status IN ({OPEN}, {CLOSED})",
    "fault_known": f"fault IN ({FAULTS})",
    "due_after_opening": "due_at >= opened_at",
    "closed_has_end": f"(status IN ({CLOSED})) = (ended_at IS NOT NULL)",
    "bench_has_received": "status IN ('owed', 'void') OR received_at IS NOT NULL",
    "fault_is_known": f"status NOT IN ({FAULT_KNOWN}) OR fault IS NOT NULL",
    "no_fault_names_none": "status <> 'no_fault_found' OR fault IS NULL",
    "supplier_has_rma": "status NOT IN ('at_supplier', 'replaced') OR (supplier IS NOT NULL AND rma_number IS NOT NULL)",
    "replaced_names_new": "(status = 'replaced') = (replacement_id IS NOT NULL)",
    "replacement_is_another": "replacement_id <> unit_id",
    "scrap_is_proposed": (
        "status NOT IN ('scrap_proposed', 'scrapped') OR (scrap_by_id IS NOT NULL AND scrap_reason IS NOT NULL)"
    ),
    "scrap_is_approved": "(status = 'scrapped') = (approved_by_id IS NOT NULL)",
    "two_decide_scrap": "approved_by_id <> scrap_by_id",
}
KEYS = {
    "unit_id": "unit",
    "branch_id": "branch",
    "fitting_id": "fitting",
    "order_id": "work_order",
    "vehicle_id": "vehicle",
    "opened_by_id": "person",
    "received_by_id": "person",
    "replacement_id": "unit",
    "scrap_by_id": "person",
    "approved_by_id": "person",
    "ended_entry_id": "custody_entry",
}

# What is still in the bag that it was put into when it came out of its vehicle is owed from then on.
OWED_ALREADY = """
INSERT INTO unit_return (unit_id, branch_id, fitting_id, order_id, vehicle_id, plate, plate_colour, symptom, symptom_text,
                         opened_by_id, opened_by_name, opened_at, due_at, status, changed_at)
SELECT f.old_unit_id, h.branch_id, f.id, f.order_id, f.vehicle_id, v.plate, v.plate_colour, o.symptom, o.symptom_text,
       f.by_id, f.by_name, f.at, f.at + interval '3 days', 'owed', f.recorded_at
FROM fitting f
JOIN custody_entry e ON e.id = f.out_entry_id
JOIN custody_position p ON p.unit_id = f.old_unit_id AND p.seq = e.seq AND p.holder_kind = 'bag'
JOIN holder h ON h.id = p.holder_id
JOIN vehicle v ON v.id = f.vehicle_id
JOIN work_order o ON o.id = f.order_id
WHERE f.kind <> 'undo'
"""


def _id(name: str, null: bool = False) -> sa.Column:
    return sa.Column(name, sa.BigInteger(), nullable=null)


def _text(name: str, null: bool = True) -> sa.Column:
    return sa.Column(name, sa.Text(), nullable=null)


def _moment(name: str, null: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=null)


def upgrade() -> None:
    op.create_table(
        "unit_return",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        *(_id(name) for name in ("unit_id", "branch_id", "fitting_id", "order_id", "vehicle_id")),
        *(_text(name) for name in ("plate", "plate_colour", "symptom", "symptom_text")),
        _id("opened_by_id", null=True),
        _text("opened_by_name", null=False),
        *(_moment(name) for name in ("opened_at", "due_at")),
        _text("status", null=False),
        sa.Column("step", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("last_key", sa.Uuid(), nullable=True),
        _moment("changed_at"),
        _id("received_by_id", null=True),
        _text("received_by_name"),
        _moment("received_at", null=True),
        *(_text(name) for name in ("fault", "remark", "supplier", "rma_number", "tracking_number")),
        _id("replacement_id", null=True),
        _id("scrap_by_id", null=True),
        *(_text(name) for name in ("scrap_by_name", "scrap_reason")),
        _id("approved_by_id", null=True),
        _text("approved_by_name"),
        _moment("ended_at", null=True),
        _id("ended_entry_id", null=True),
        *(sa.CheckConstraint(rule, name=op.f(f"ck_unit_return_{name}")) for name, rule in CHECKS.items()),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_unit_return_{column}"))
            for column, table in KEYS.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_return")),
        sa.UniqueConstraint("fitting_id", name=op.f("uq_unit_return_fitting_id")),
    )
    open_ones = sa.text(f"status IN ({OPEN})")
    op.create_index("uq_unit_return_open", "unit_return", ["unit_id"], unique=True, postgresql_where=open_ones)
    for columns in (["unit_id"], ["branch_id", "status"], ["ended_entry_id"]):
        op.create_index(op.f(f"ix_unit_return_{'_'.join(columns)}"), "unit_return", columns)
    op.execute(OWED_ALREADY)


def downgrade() -> None:
    op.drop_table("unit_return")
