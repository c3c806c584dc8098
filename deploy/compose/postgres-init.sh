#!/bin/sh
# Run once, when the cluster is made: one user owns the schema, another one serves. Neither is a superuser.
set -eu
psql --no-psqlrc --set=ON_ERROR_STOP=1 --username=postgres --set=owner="$OWNER_PASSWORD" --set=app="$APP_PASSWORD" <<'SQL'
CREATE ROLE namaskah LOGIN PASSWORD :'owner';
CREATE ROLE namaskah_app LOGIN PASSWORD :'app';
CREATE DATABASE namaskah OWNER namaskah ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE namaskah FROM PUBLIC;
GRANT CONNECT ON DATABASE namaskah TO namaskah_app;
\connect namaskah
ALTER SCHEMA public OWNER TO namaskah;
SQL
