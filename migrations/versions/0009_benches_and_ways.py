"""the bench for returned units, the way between branches and contractors can hold units"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BEFORE = ("store", "bag", "slot", "customer", "supplier", "scrapped", "lost")
NAME = "ck_holder_kind_known"


def upgrade() -> None:
    _know((*BEFORE, "bench", "transit", "contractor"))


def downgrade() -> None:
    _know(BEFORE)


def _know(kinds: tuple[str, ...]) -> None:
    op.drop_constraint(op.f(NAME), "holder", type_="check")
    op.create_check_constraint(op.f(NAME), "holder", f"kind IN ({', '.join(repr(kind) for kind in kinds)})")
