"""the house"""

import sqlalchemy as sa
from alembic import op
from procrastinate.schema import SchemaManager
from sqlalchemy.dialects import postgresql

from dispatch.search import SEARCH_GRAMS

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


APPEND_ONLY = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the ledger % is append-only: write a counter-entry instead', TG_TABLE_NAME; END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit_entry FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit_digest FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON custody_entry FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE FUNCTION keep_fact_as_sent() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF TG_OP = 'DELETE' OR (OLD.id, OLD.kind, OLD.person_id, OLD.content, OLD.content_hash, OLD.device_at, OLD.received_at)
        IS DISTINCT FROM (NEW.id, NEW.kind, NEW.person_id, NEW.content, NEW.content_hash, NEW.device_at, NEW.received_at)
    THEN RAISE EXCEPTION 'a fact from the field stays as it was sent'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER as_sent BEFORE UPDATE OR DELETE ON field_fact FOR EACH ROW EXECUTE FUNCTION keep_fact_as_sent();
"""


def upgrade() -> None:
    # The driver's own cursor: these texts hold per-cent signs and several statements each.
    run = op.get_bind().connection.cursor().execute
    # Ships with PostgreSQL and is trusted: the owner of the database may create it.
    run("CREATE EXTENSION IF NOT EXISTS btree_gist")
    run(SEARCH_GRAMS)
    # The job queue's own tables, as the pinned library has them; raising its version needs a revision with its migration files.
    run(SchemaManager.get_schema())

    op.create_table(
        "audit_digest",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("heads", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_audit_digest")),
    )
    op.create_table(
        "audit_head",
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("subject_kind", "subject_id", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "branch",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), server_default="Asia/Shanghai", nullable=False),
        sa.Column("lat", sa.Double(), nullable=True),
        sa.Column("lon", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_branch")),
        sa.UniqueConstraint("code", name=op.f("uq_branch_code")),
    )
    op.create_table(
        "login_attempt",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_attempt")),
    )
    op.create_index(op.f("ix_login_attempt_address_at"), "login_attempt", ["address", "at"], unique=False)
    op.create_index(op.f("ix_login_attempt_username_at"), "login_attempt", ["username", "at"], unique=False)
    op.create_table(
        "order_counter",
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("prefix", name=op.f("pk_order_counter")),
    )
    op.create_table(
        "price",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("tax_rate", sa.Numeric(precision=5, scale=4), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_price_amount_not_negative")),
        sa.CheckConstraint("tax_rate >= 0 AND tax_rate < 1", name=op.f("ck_price_tax_rate_is_a_share")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price")),
        sa.UniqueConstraint("code", "valid_from", name=op.f("uq_price_code_valid_from")),
    )
    op.create_table(
        "terminal_model",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("warranty_months", sa.BigInteger(), server_default="12", nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_terminal_model")),
    )
    op.create_table(
        "customer",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("branch_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("tier", sa.Text(), server_default="c", nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("search_text", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("tier IN ('vip', 'a', 'b', 'c')", name=op.f("ck_customer_tier_known")),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_customer_branch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer")),
    )
    op.create_index(op.f("ix_customer_branch_id_name"), "customer", ["branch_id", "name"], unique=False)
    op.create_index(
        "ix_customer_search", "customer", [sa.literal_column("search_grams(search_text)")], unique=False, postgresql_using="gin"
    )
    op.create_table(
        "person",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("staff_no", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("branch_id", sa.BigInteger(), nullable=False),
        sa.Column("username", sa.Text(), nullable=True),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("locale", sa.Text(), nullable=True),
        sa.Column("theme", sa.Text(), server_default="auto", nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("home_address", sa.Text(), nullable=True),
        sa.Column("home_lat", sa.Double(), nullable=True),
        sa.Column("home_lon", sa.Double(), nullable=True),
        sa.Column("shift_from", sa.Time(), server_default="08:30", nullable=False),
        sa.Column("shift_to", sa.Time(), server_default="17:30", nullable=False),
        sa.Column("lunch_from", sa.Time(), server_default="11:30", nullable=True),
        sa.Column("lunch_to", sa.Time(), server_default="13:30", nullable=True),
        sa.Column("lunch_minutes", sa.BigInteger(), server_default="30", nullable=False),
        sa.Column("trained_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("search_text", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("theme IN ('auto', 'light', 'dark')", name=op.f("ck_person_theme_known")),
        sa.CheckConstraint("(home_lat IS NULL) = (home_lon IS NULL)", name=op.f("ck_person_home_is_whole")),
        sa.CheckConstraint("shift_from < shift_to", name=op.f("ck_person_shift_has_length")),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_person_branch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("staff_no", name=op.f("uq_person_staff_no")),
        sa.UniqueConstraint("username", name=op.f("uq_person_username")),
    )
    op.create_index(op.f("ix_person_branch_id"), "person", ["branch_id"], unique=False)
    op.create_index(
        "ix_person_search", "person", [sa.literal_column("search_grams(search_text)")], unique=False, postgresql_using="gin"
    )
    op.create_table(
        "unit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("branch_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("search_text", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("kind IN ('terminal', 'sim')", name=op.f("ck_unit_kind_known")),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_unit_branch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit")),
        sa.UniqueConstraint("id", "kind", name=op.f("uq_unit_id_kind")),
    )
    op.create_index(
        "ix_unit_search", "unit", [sa.literal_column("search_grams(search_text)")], unique=False, postgresql_using="gin"
    )
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.BigInteger(), nullable=True),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("prev_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_audit_entry_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
        sa.UniqueConstraint("subject_kind", "subject_id", "seq", name=op.f("uq_audit_entry_subject_kind_subject_id_seq")),
    )
    op.create_index(op.f("ix_audit_entry_at"), "audit_entry", ["at"], unique=False)
    op.create_table(
        "contact",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("phone_digits", sa.Text(), nullable=True),
        sa.Column("search_text", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_contact_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
    )
    op.create_index(op.f("ix_contact_customer_id"), "contact", ["customer_id"], unique=False)
    op.create_index(op.f("ix_contact_phone_digits"), "contact", ["phone_digits"], unique=False)
    op.create_index(
        "ix_contact_search", "contact", [sa.literal_column("search_grams(search_text)")], unique=False, postgresql_using="gin"
    )
    op.create_table(
        "login_session",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("browser", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_login_session_person_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_login_session")),
    )
    op.create_index(op.f("ix_login_session_person_id"), "login_session", ["person_id"], unique=False)
    op.create_table(
        "person_role",
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "role IN ('specialist', 'supervisor', 'manager', 'director', 'qa', 'technician', 'finance', 'administrator')",
            name=op.f("ck_person_role_role_known"),
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_person_role_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person_id", "role", name=op.f("pk_person_role")),
    )
    op.create_table(
        "person_skill",
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("skill", sa.Text(), nullable=False),
        sa.Column("level", sa.BigInteger(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.CheckConstraint("level BETWEEN 1 AND 5", name=op.f("ck_person_skill_level_in_range")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_person_skill_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person_id", "skill", name=op.f("pk_person_skill")),
    )
    op.create_table(
        "plan_run",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("branch_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), server_default="asked", nullable=False),
        sa.Column("asked_by_id", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.CheckConstraint("state IN ('asked', 'running', 'done', 'failed')", name=op.f("ck_plan_run_state_known")),
        sa.ForeignKeyConstraint(["asked_by_id"], ["person.id"], name=op.f("fk_plan_run_asked_by_id")),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_plan_run_branch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_run")),
    )
    op.create_index(op.f("ix_plan_run_branch_id_day_id"), "plan_run", ["branch_id", "day", "id"], unique=False)
    op.create_index(
        "uq_plan_run_under_way",
        "plan_run",
        ["branch_id", "day"],
        unique=True,
        postgresql_where=sa.text("state IN ('asked', 'running')"),
    )
    op.create_table(
        "sim",
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("iccid", sa.Text(), nullable=False),
        sa.Column("iccid_key", sa.Text(), nullable=False),
        sa.Column("msisdn", sa.Text(), nullable=True),
        sa.Column("imsi", sa.Text(), nullable=True),
        sa.Column("carrier", sa.Text(), nullable=True),
        sa.Column("plan", sa.Text(), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("bound_imei", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_sim_unit_id")),
        sa.PrimaryKeyConstraint("unit_id", name=op.f("pk_sim")),
        sa.UniqueConstraint("iccid_key", name=op.f("uq_sim_iccid_key")),
        sa.UniqueConstraint("msisdn", name=op.f("uq_sim_msisdn")),
    )
    op.create_table(
        "site",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("lat", sa.Double(), nullable=True),
        sa.Column("lon", sa.Double(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("accuracy_m", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("source IN ('pin', 'file', 'geocoder', 'device', 'district')", name=op.f("ck_site_source_known")),
        sa.CheckConstraint("(lat IS NULL) = (lon IS NULL)", name=op.f("ck_site_place_is_whole")),
        sa.CheckConstraint("lat BETWEEN -90 AND 90 AND lon BETWEEN -180 AND 180", name=op.f("ck_site_place_on_earth")),
        sa.CheckConstraint("lat IS NULL OR source IS NOT NULL", name=op.f("ck_site_place_has_source")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_site_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site")),
        sa.UniqueConstraint("customer_id", "address", name=op.f("uq_site_customer_id_address")),
    )
    op.create_table(
        "terminal",
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("serial", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("imei", sa.Text(), nullable=True),
        sa.Column("terminal_id", sa.Text(), nullable=True),
        sa.Column("phone_808", sa.Text(), nullable=True),
        sa.Column("batch", sa.Text(), nullable=True),
        sa.Column("received_on", sa.Date(), nullable=True),
        sa.Column("warranty_months", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["model"], ["terminal_model.name"], name=op.f("fk_terminal_model")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_terminal_unit_id")),
        sa.PrimaryKeyConstraint("unit_id", name=op.f("pk_terminal")),
        sa.UniqueConstraint("imei", name=op.f("uq_terminal_imei")),
        sa.UniqueConstraint("serial", name=op.f("uq_terminal_serial")),
    )
    op.create_table(
        "vehicle",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("branch_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("plate", sa.Text(), nullable=True),
        sa.Column("plate_colour", sa.Text(), nullable=True),
        sa.Column("vin", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("make", sa.Text(), nullable=True),
        sa.Column("engine_no", sa.Text(), nullable=True),
        sa.Column("fleet_no", sa.Text(), nullable=True),
        sa.Column("purchased_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("search_text", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("plate IS NOT NULL OR vin IS NOT NULL", name=op.f("ck_vehicle_has_a_name")),
        sa.CheckConstraint("plate IS NULL OR plate_colour IS NOT NULL", name=op.f("ck_vehicle_plate_has_colour")),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_vehicle_branch_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_vehicle_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vehicle")),
        sa.UniqueConstraint("plate", "plate_colour", name=op.f("uq_vehicle_plate_plate_colour")),
        sa.UniqueConstraint("vin", name=op.f("uq_vehicle_vin")),
    )
    op.create_index(op.f("ix_vehicle_customer_id"), "vehicle", ["customer_id"], unique=False)
    op.create_index(
        "ix_vehicle_search", "vehicle", [sa.literal_column("search_grams(search_text)")], unique=False, postgresql_using="gin"
    )
    op.create_table(
        "driver",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("vehicle_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("shift", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["vehicle_id"], ["vehicle.id"], name=op.f("fk_driver_vehicle_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_driver")),
        sa.UniqueConstraint(
            "vehicle_id", "name", "phone", name=op.f("uq_driver_vehicle_id_name_phone"), postgresql_nulls_not_distinct=True
        ),
    )
    op.create_index(op.f("ix_driver_phone"), "driver", ["phone"], unique=False)
    op.create_table(
        "holder",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("branch_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("vehicle_id", sa.BigInteger(), nullable=True),
        sa.Column("role", sa.Text(), nullable=True),
        sa.CheckConstraint("(kind = 'bag') = (person_id IS NOT NULL)", name=op.f("ck_holder_bag_has_person")),
        sa.CheckConstraint("(kind = 'slot') = (role IS NOT NULL)", name=op.f("ck_holder_slot_has_role")),
        sa.CheckConstraint("(kind = 'slot') = (vehicle_id IS NOT NULL)", name=op.f("ck_holder_slot_has_vehicle")),
        sa.CheckConstraint(
            "kind IN ('store', 'bag', 'slot', 'customer', 'supplier', 'scrapped', 'lost')", name=op.f("ck_holder_kind_known")
        ),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_holder_branch_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_holder_person_id")),
        sa.ForeignKeyConstraint(["vehicle_id"], ["vehicle.id"], name=op.f("fk_holder_vehicle_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holder")),
        sa.UniqueConstraint("id", "kind", name=op.f("uq_holder_id_kind")),
        sa.UniqueConstraint("person_id", name=op.f("uq_holder_person_id")),
        sa.UniqueConstraint("vehicle_id", "role", name=op.f("uq_holder_vehicle_id_role")),
    )
    op.create_index(
        "uq_holder_store_name",
        "holder",
        ["branch_id", "kind", "name"],
        unique=True,
        postgresql_where=sa.text("kind NOT IN ('bag', 'slot')"),
    )
    op.create_table(
        "work_order",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="draft", nullable=False),
        sa.Column("approved", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("urgency", sa.Text(), server_default="normal", nullable=False),
        sa.Column("channel", sa.Text(), server_default="phone", nullable=False),
        sa.Column("branch_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("contact_name", sa.Text(), nullable=False),
        sa.Column("contact_phone", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("created_by_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wanted_on", sa.Date(), nullable=True),
        sa.Column("window_from", sa.Time(), nullable=True),
        sa.Column("window_to", sa.Time(), nullable=True),
        sa.Column("product_model", sa.Text(), nullable=True),
        sa.Column("purchased_on", sa.Date(), nullable=True),
        sa.Column("symptom", sa.Text(), nullable=True),
        sa.Column("symptom_text", sa.Text(), nullable=True),
        sa.Column("diagnosis", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("waiting_reason", sa.Text(), nullable=True),
        sa.Column("request_key", sa.Uuid(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("search_text", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint(
            "approved OR status IN ('draft', 'awaiting_approval', 'rejected', 'cancelled')",
            name=op.f("ck_work_order_unapproved_goes_nowhere"),
        ),
        sa.CheckConstraint(
            "channel IN ('phone', 'chat', 'email', 'letter', 'visit', 'social', 'fax')", name=op.f("ck_work_order_channel_known")
        ),
        sa.CheckConstraint("kind IN ('installation', 'repair')", name=op.f("ck_work_order_kind_known")),
        sa.CheckConstraint("status <> 'waiting' OR waiting_reason IS NOT NULL", name=op.f("ck_work_order_waiting_has_reason")),
        sa.CheckConstraint(
            "status IN ('draft', 'awaiting_approval', 'approved', 'planned', 'dispatched', 'working', 'waiting', 'done', 'closed', 'rejected', 'cancelled')",
            name=op.f("ck_work_order_status_known"),
        ),
        sa.CheckConstraint("urgency IN ('normal', 'urgent', 'emergency')", name=op.f("ck_work_order_urgency_known")),
        sa.CheckConstraint("window_from < window_to", name=op.f("ck_work_order_window_has_length")),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_work_order_branch_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["person.id"], name=op.f("fk_work_order_created_by_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_work_order_customer_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["person.id"], name=op.f("fk_work_order_owner_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_work_order_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_order")),
        sa.UniqueConstraint("id", "approved", name=op.f("uq_work_order_id_approved")),
        sa.UniqueConstraint("number", name=op.f("uq_work_order_number")),
        sa.UniqueConstraint("request_key", name=op.f("uq_work_order_request_key")),
    )
    op.create_index(op.f("ix_work_order_branch_id_created_at"), "work_order", ["branch_id", "created_at"], unique=False)
    op.create_index(op.f("ix_work_order_branch_id_status_id"), "work_order", ["branch_id", "status", "id"], unique=False)
    op.create_index(op.f("ix_work_order_created_at"), "work_order", ["created_at"], unique=False)
    op.create_index(op.f("ix_work_order_customer_id"), "work_order", ["customer_id"], unique=False)
    op.create_index(
        "ix_work_order_search",
        "work_order",
        [sa.literal_column("search_grams(search_text)")],
        unique=False,
        postgresql_using="gin",
    )
    op.create_table(
        "approval",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.Column("permission", sa.Text(), nullable=False),
        sa.Column("requested_by_id", sa.BigInteger(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by_id", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint("decision <> 'rejected' OR reason IS NOT NULL", name=op.f("ck_approval_rejected_has_reason")),
        sa.CheckConstraint("decision IN ('approved', 'rejected', 'withdrawn')", name=op.f("ck_approval_decision_known")),
        sa.CheckConstraint("(decision IS NULL) = (decided_at IS NULL)", name=op.f("ck_approval_decided_is_whole")),
        sa.CheckConstraint("decided_by_id <> requested_by_id", name=op.f("ck_approval_not_by_himself")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["person.id"], name=op.f("fk_approval_decided_by_id")),
        sa.ForeignKeyConstraint(["order_id"], ["work_order.id"], name=op.f("fk_approval_order_id")),
        sa.ForeignKeyConstraint(["requested_by_id"], ["person.id"], name=op.f("fk_approval_requested_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval")),
    )
    op.create_index(op.f("ix_approval_order_id"), "approval", ["order_id"], unique=False)
    op.create_index(
        "ix_approval_waiting", "approval", ["permission", "id"], unique=False, postgresql_where=sa.text("decision IS NULL")
    )
    op.create_index(
        "uq_approval_open_step", "approval", ["order_id", "step"], unique=True, postgresql_where=sa.text("decision IS NULL")
    )
    op.create_table(
        "custody_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("from_holder_id", sa.BigInteger(), nullable=True),
        sa.Column("to_holder_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("by_id", sa.BigInteger(), nullable=True),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("device_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("corrects_id", sa.BigInteger(), nullable=True),
        sa.Column("prev_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("from_holder_id <> to_holder_id", name=op.f("ck_custody_entry_really_moves")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_custody_entry_by_id")),
        sa.ForeignKeyConstraint(["corrects_id"], ["custody_entry.id"], name=op.f("fk_custody_entry_corrects_id")),
        sa.ForeignKeyConstraint(["from_holder_id"], ["holder.id"], name=op.f("fk_custody_entry_from_holder_id")),
        sa.ForeignKeyConstraint(["order_id"], ["work_order.id"], name=op.f("fk_custody_entry_order_id")),
        sa.ForeignKeyConstraint(["to_holder_id"], ["holder.id"], name=op.f("fk_custody_entry_to_holder_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_custody_entry_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_entry")),
        sa.UniqueConstraint("unit_id", "seq", name=op.f("uq_custody_entry_unit_id_seq")),
    )
    op.create_index(op.f("ix_custody_entry_from_holder_id"), "custody_entry", ["from_holder_id"], unique=False)
    op.create_index(op.f("ix_custody_entry_order_id"), "custody_entry", ["order_id"], unique=False)
    op.create_index(op.f("ix_custody_entry_to_holder_id"), "custody_entry", ["to_holder_id"], unique=False)
    op.create_table(
        "custody_position",
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_kind", sa.Text(), nullable=False),
        sa.Column("holder_id", sa.BigInteger(), nullable=False),
        sa.Column("holder_kind", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder_id", "holder_kind"], ["holder.id", "holder.kind"], name=op.f("fk_custody_position_holder_id_holder_kind")
        ),
        sa.ForeignKeyConstraint(
            ["unit_id", "unit_kind"], ["unit.id", "unit.kind"], name=op.f("fk_custody_position_unit_id_unit_kind")
        ),
        sa.PrimaryKeyConstraint("unit_id", name=op.f("pk_custody_position")),
    )
    op.create_index(op.f("ix_custody_position_holder_id"), "custody_position", ["holder_id"], unique=False)
    op.create_index(
        "uq_custody_position_slot",
        "custody_position",
        ["holder_id", "unit_kind"],
        unique=True,
        postgresql_where=sa.text("holder_kind = 'slot'"),
    )
    op.create_table(
        "order_line",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("vehicle_id", sa.BigInteger(), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.Text(), server_default="open", nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("source_row", sa.BigInteger(), nullable=True),
        sa.Column("parking", sa.Text(), nullable=True),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.Column("attention", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
        sa.CheckConstraint("status IN ('open', 'done', 'not_done', 'residual')", name=op.f("ck_order_line_status_known")),
        sa.CheckConstraint(
            "status NOT IN ('not_done', 'residual') OR reason IS NOT NULL", name=op.f("ck_order_line_undone_has_reason")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["work_order.id"], name=op.f("fk_order_line_order_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_order_line_site_id")),
        sa.ForeignKeyConstraint(["vehicle_id"], ["vehicle.id"], name=op.f("fk_order_line_vehicle_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_line")),
        sa.UniqueConstraint("id", "order_id", name=op.f("uq_order_line_id_order_id")),
        sa.UniqueConstraint("order_id", "position", name=op.f("uq_order_line_order_id_position")),
        sa.UniqueConstraint("order_id", "vehicle_id", name=op.f("uq_order_line_order_id_vehicle_id")),
    )
    op.create_index(op.f("ix_order_line_vehicle_id"), "order_line", ["vehicle_id"], unique=False)
    op.create_table(
        "upload",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("file_hash", sa.LargeBinary(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("branch_id", sa.BigInteger(), nullable=False),
        sa.Column("by_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "purpose IN ('request', 'terminals', 'sims', 'technicians', 'prices', 'calls')", name=op.f("ck_upload_purpose_known")
        ),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_upload_branch_id")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_upload_by_id")),
        sa.ForeignKeyConstraint(["order_id"], ["work_order.id"], name=op.f("fk_upload_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
    )
    op.create_index(op.f("ix_upload_by_id_at"), "upload", ["by_id", "at"], unique=False)
    op.create_table(
        "visit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("order_approved", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("branch_id", sa.BigInteger(), nullable=False),
        sa.Column("technician_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), server_default="planned", nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sequence", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("by_hand", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("dispatched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("departed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("technician_id"), "="),
            (sa.text("tstzrange(starts_at, ends_at)"), "&&"),
            where=sa.text("status IN ('planned', 'dispatched', 'on_the_way', 'on_site')"),
            using="gist",
            name="ex_visit_no_overlap",
        ),
        sa.CheckConstraint("status <> 'abandoned' OR reason IS NOT NULL", name=op.f("ck_visit_abandoned_has_reason")),
        sa.CheckConstraint(
            "status IN ('planned', 'dispatched', 'on_the_way', 'on_site', 'finished', 'abandoned')",
            name=op.f("ck_visit_status_known"),
        ),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_visit_has_length")),
        sa.CheckConstraint("order_approved", name=op.f("ck_visit_order_is_approved")),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_visit_branch_id")),
        sa.ForeignKeyConstraint(["order_id", "order_approved"], ["work_order.id", "work_order.approved"], name="fk_visit_order"),
        sa.ForeignKeyConstraint(["technician_id"], ["person.id"], name=op.f("fk_visit_technician_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit")),
        sa.UniqueConstraint("id", "order_id", name=op.f("uq_visit_id_order_id")),
    )
    op.create_index(op.f("ix_visit_branch_id_starts_at"), "visit", ["branch_id", "starts_at"], unique=False)
    op.create_index(op.f("ix_visit_order_id"), "visit", ["order_id"], unique=False)
    op.create_index(op.f("ix_visit_technician_id_starts_at"), "visit", ["technician_id", "starts_at"], unique=False)
    op.create_table(
        "field_fact",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("device_seq", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("visit_id", sa.BigInteger(), nullable=True),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("device_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("clock_offset_ms", sa.BigInteger(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), server_default="new", nullable=False),
        sa.Column("outcome", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.CheckConstraint("state IN ('new', 'applied', 'disputed')", name=op.f("ck_field_fact_state_known")),
        sa.ForeignKeyConstraint(["order_id"], ["work_order.id"], name=op.f("fk_field_fact_order_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_field_fact_person_id")),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_field_fact_visit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_field_fact")),
        sa.UniqueConstraint("device", "device_seq", name=op.f("uq_field_fact_device_device_seq")),
    )
    op.create_index(
        "ix_field_fact_open", "field_fact", ["received_at"], unique=False, postgresql_where=sa.text("state <> 'applied'")
    )
    op.create_index(op.f("ix_field_fact_order_id"), "field_fact", ["order_id"], unique=False)
    op.create_table(
        "visit_line",
        sa.Column("visit_id", sa.BigInteger(), nullable=False),
        sa.Column("line_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["line_id", "order_id"], ["order_line.id", "order_line.order_id"], name=op.f("fk_visit_line_line_id_order_id")
        ),
        sa.ForeignKeyConstraint(
            ["visit_id", "order_id"], ["visit.id", "visit.order_id"], name=op.f("fk_visit_line_visit_id_order_id")
        ),
        sa.PrimaryKeyConstraint("visit_id", "line_id", name=op.f("pk_visit_line")),
    )
    op.create_index(op.f("ix_visit_line_line_id"), "visit_line", ["line_id"], unique=False)
    run(APPEND_ONLY)


def downgrade() -> None:
    """The first revision has nothing below it: an empty database is made by dropping it."""
    raise NotImplementedError("drop the database instead")
