#!/bin/sh
# Logins and databases. The image runs this once, when its data folder is empty; on a server of your own run the
# statements yourself, as a superuser. The boxoffice_owner login runs migrations and nothing else; the login boxoffice
# owns nothing.
set -eu
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
  --set temporal_password="$TEMPORAL_DB_PASSWORD" \
  --set owner_password="$BOXOFFICE_OWNER_PASSWORD" \
  --set application_password="$BOXOFFICE_DB_PASSWORD" <<'SQL'
create role temporal login password :'temporal_password';
create database temporal owner temporal;
create database temporal_visibility owner temporal;

create role boxoffice_app nologin;
create role boxoffice_system nologin;
create role boxoffice_owner login bypassrls password :'owner_password';
create role boxoffice login password :'application_password';
grant boxoffice_app to boxoffice with inherit true;
grant boxoffice_system to boxoffice with inherit false, set true;
create database boxoffice owner boxoffice_owner;
revoke connect, temporary on database boxoffice from public;
grant connect on database boxoffice to boxoffice;
SQL
