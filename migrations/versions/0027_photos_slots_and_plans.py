"""photos asked for after each kind of work, several terminals in a vehicle, where the phone was"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

SERVICES = ("installation", "repair", "terminal", "sim", "move")
PHOTOS = "ARRAY['plate', 'imei', 'iccid', 'wiring', 'place']"


PLACE = ("lat", "lon", "accuracy_m")
ROLES = ("main", "hidden", "recorder")


def upgrade() -> None:
    _photos_asked()
    _check("holder", "role_known", f"role IN ({_listed(ROLES)})")
    op.add_column("order_line", sa.Column("role", sa.Text(), server_default="main", nullable=False))
    _check("order_line", "role_known", f"role IN ({_listed(ROLES)})")
    for table in ("custody_entry", "field_fact"):
        for name in PLACE:
            op.add_column(table, sa.Column(name, sa.Double(), nullable=True))
        _check(table, "place_is_whole", "(lat IS NULL) = (lon IS NULL)")
    _check("custody_entry", "place_is_on_earth", "lat BETWEEN -90 AND 90 AND lon BETWEEN -180 AND 180")


def downgrade() -> None:
    for table in ("custody_entry", "field_fact"):
        for name in PLACE:
            op.drop_column(table, name)
    op.drop_constraint(op.f("ck_order_line_role_known"), "order_line", type_="check")
    op.drop_column("order_line", "role")
    op.drop_constraint(op.f("ck_holder_role_known"), "holder", type_="check")
    op.execute("ALTER TABLE point_list DISABLE TRIGGER append_only")
    op.execute("DELETE FROM point_list WHERE service = 'removal'")
    op.execute("ALTER TABLE point_list ENABLE TRIGGER append_only")
    for name in ("removal_is_not_tested", "photo_is_one_or_the_other", "photos_are_known"):
        op.drop_constraint(op.f(f"ck_point_list_{name}"), "point_list", type_="check")
    op.drop_column("point_list", "photos_may")
    op.drop_column("point_list", "photos")
    _services(*SERVICES)


def _photos_asked() -> None:
    op.add_column("point_list", sa.Column("photos", postgresql.ARRAY(sa.Text()), nullable=True))
    op.add_column("point_list", sa.Column("photos_may", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False))
    _services(*SERVICES, "removal")
    _check("point_list", "photos_are_known", f"photos <@ {PHOTOS} AND photos_may <@ {PHOTOS}")
    _check("point_list", "photo_is_one_or_the_other", "NOT photos && photos_may")
    _check("point_list", "removal_is_not_tested", "service <> 'removal' OR must || may = '{}'")


def _services(*known: str) -> None:
    op.drop_constraint(op.f("ck_point_list_service_known"), "point_list", type_="check")
    _check("point_list", "service_known", f"service IN ({_listed(known)})")


def _check(table: str, name: str, rule: str) -> None:
    op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, rule)


def _listed(words: tuple[str, ...]) -> str:
    return ", ".join(f"'{word}'" for word in words)
