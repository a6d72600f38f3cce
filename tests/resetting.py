"""One database for all tests of a process, brought back before each to the schema and the cast.

A fresh copy of a template costs half a second, and TRUNCATE of all tables a tenth of one, as it makes new files for every table
and index. Most tests leave rows in a few tables, so those alone are emptied, and row by row while they are small.
"""

from __future__ import annotations

from functools import lru_cache

import sqlalchemy as sa
from sqlalchemy.engine import make_url

PREPARE = """
CREATE SCHEMA resetting;
CREATE FUNCTION resetting.write(name text, body text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
  EXECUTE format('CREATE FUNCTION %s() RETURNS void LANGUAGE plpgsql AS %L', name, 'BEGIN ' || body || ' END');
END $$;

CREATE VIEW resetting.tables AS SELECT tablename AS name FROM pg_tables
  WHERE schemaname = 'public' AND tablename NOT IN ('alembic_version', 'procrastinate_workers');

SELECT resetting.write('resetting.empty', string_agg(format('
  IF pg_relation_size(%1$L::regclass) > 0 THEN
    IF EXISTS (SELECT FROM %1$s) THEN
      IF pg_relation_size(%1$L::regclass) > 200000 THEN TRUNCATE %1$s CASCADE; ELSE DELETE FROM %1$s; END IF;
    END IF;
  END IF;', format('public.%I', name)), '')) FROM resetting.tables;

CREATE FUNCTION resetting.remember(place text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE one record; used boolean; fill text = ''; BEGIN
  EXECUTE format('DROP SCHEMA IF EXISTS %1$I CASCADE; CREATE SCHEMA %1$I', place);
  FOR one IN SELECT name FROM resetting.tables LOOP
    EXECUTE format('SELECT EXISTS (SELECT FROM public.%I)', one.name) INTO used;
    IF used THEN
      EXECUTE format('CREATE TABLE %1$I.%2$I AS TABLE public.%2$I', place, one.name);
      fill = fill || format('INSERT INTO public.%2$I SELECT * FROM %1$I.%2$I; ', place, one.name);
    END IF;
  END LOOP;
  EXECUTE format('CREATE TABLE %I._sequences AS
    SELECT sequencename AS name, last_value FROM pg_sequences WHERE schemaname = ''public''', place);
  PERFORM resetting.write(format('%I.restore', place), fill || format('
    PERFORM setval(format(''public.%%I'', now.sequencename), coalesce(began.last_value, 1), began.last_value IS NOT NULL)
    FROM pg_sequences now JOIN %I._sequences began ON began.name = now.sequencename
    WHERE now.schemaname = ''public'' AND now.last_value IS DISTINCT FROM began.last_value
      AND now.sequencename NOT LIKE ''procrastinate_workers%%'';', place));
END $$;
"""
"""Functions written out table by table: PostgreSQL plans each of their statements once, and not anew for each test."""

RESTORE = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name <> 'kept' AND state <> 'idle';
SELECT resetting.empty();
SELECT {name}.restore()
"""

EMPTY = "baseline"
"""Schema and cast, and nothing else."""


def prepare(url: str) -> None:
    """Remember what the database holds now; that is what `restore` brings back."""
    _run(url, PREPARE)
    remember(url, EMPTY)


def remember(url: str, name: str) -> None:
    """Remember under a name what the database holds now: how a story begins that is told many times."""
    _run(url, f"SELECT resetting.remember('{name}')")


def restore(url: str, name: str = EMPTY) -> None:
    """Bring back what was remembered. Whoever is in the middle of something is cut off, but for a server that is `kept`."""
    _run(url, RESTORE.format(name=name))


def kept(url: str) -> str:
    """The same database for a server that lives on from test to test."""
    return make_url(url).update_query_dict({"application_name": "kept"}).render_as_string(hide_password=False)


@lru_cache
def _engine(url: str) -> sa.Engine:
    """Its one connection is kept, which is a third of the time that `restore` takes.

    On it neither foreign keys nor the triggers that forbid changes count; said each time, it would throw away the plans.
    """
    return sa.create_engine(url, poolclass=sa.StaticPool, connect_args={"options": "-c session_replication_role=replica"})


def _run(url: str, statements: str) -> None:
    with _engine(url).begin() as connection:
        connection.exec_driver_sql(statements.replace("%", "%%"))
