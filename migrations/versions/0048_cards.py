"""cards: money taken by a terminal for bank cards (POS)"""

from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

CHANNELS = {
    "receipt": ("cash", "wechat", "alipay", "transfer", "account"),
    "account_payment": ("transfer", "wechat", "alipay", "cash"),
}


def upgrade() -> None:
    for table, channels in CHANNELS.items():
        allow(table, (*channels[:-1], "pos", channels[-1]))


def downgrade() -> None:
    for table, channels in CHANNELS.items():
        allow(table, channels)


def allow(table: str, channels: tuple[str, ...]) -> None:
    """Of this table's rows these channels are known."""
    op.drop_constraint(op.f(f"ck_{table}_channel_known"), table, type_="check")
    op.create_check_constraint(op.f(f"ck_{table}_channel_known"), table, f"channel IN {channels}")
