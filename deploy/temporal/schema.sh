#!/bin/sh
# Brings Temporal's two databases to the schema of this server version. Safe to repeat. The password is in SQL_PASSWORD.
set -eu

update() {
  database=$1
  schema=$2
  tool="temporal-sql-tool --plugin postgres12 --ep $POSTGRES_SEEDS --port $DB_PORT --user $POSTGRES_USER --db $database"
  $tool setup-schema --version 0.0
  $tool update-schema --schema-dir "/etc/temporal/schema/postgresql/v12/$schema/versioned"
}

update temporal temporal
update temporal_visibility visibility
