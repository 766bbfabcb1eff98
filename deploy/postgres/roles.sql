-- The roles of Muster on a PostgreSQL of your own, from version 16 on. An administrator of the server runs it, once or
-- again, for a database that exists:
--
--   psql --set=database=muster --set=owner_password=… --set=web_password=… --set=worker_password=… --file=roles.sql
--
-- After each `manage.py migrate`, which the owner runs, `manage.py grant_roles` gives them their rights.
\set ON_ERROR_STOP on
\if :{?owner}
\else
    \set owner muster
\endif
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT format('CREATE ROLE %I', name) FROM unnest(ARRAY[
    :'owner', 'muster_web', 'muster_worker', 'muster_app', 'muster_maintenance', 'muster_scoped'
]) AS name WHERE to_regrole(quote_ident(name)) IS NULL \gexec

-- Migrates, and owns the tables.
ALTER ROLE :"owner" LOGIN PASSWORD :'owner_password';
GRANT muster_scoped, muster_maintenance TO :"owner";
-- The processes. They read and write rows as muster_app; for a reader who sees some sites only, as muster_scoped.
ALTER ROLE muster_web LOGIN PASSWORD :'web_password';
ALTER ROLE muster_worker LOGIN PASSWORD :'worker_password';
GRANT muster_app TO muster_web, muster_worker;
GRANT muster_scoped TO muster_app WITH INHERIT FALSE;
-- Owns the tables that are split by time; the worker takes it to make and drop their partitions.
GRANT muster_maintenance TO muster_worker WITH INHERIT FALSE;

REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
ALTER DATABASE :"database" OWNER TO :"owner";
GRANT CONNECT, TEMPORARY ON DATABASE :"database" TO muster_app;
COMMIT;
