#!/bin/sh
# restore.sh FILE DATABASE_URL: puts what backup.sh has made into a new, empty database, whole or not at all, and audits it
# if NAMASKAH names the product's binary or it is on PATH. Never over a database that has something in it.
#
# postgres://… needs pg_restore and a database that was just made (createdb); who restores owns the schema, so run
# `namaskah migrate grants` for another user afterwards. sqlite:… makes the file.
set -eu

die() { printf 'restore: %s\n' "$*" >&2; exit 1; }
[ $# -eq 2 ] || die 'usage: restore.sh FILE DATABASE_URL'
file=$1 url=$2
umask 077
[ -f "$file" ] || die "there is no $file"
if [ -f "$file.sha256" ]; then
  (cd "$(dirname "$file")" && sha256sum --check --quiet "$(basename "$file").sha256") || die "$file is not as it was made"
fi

case $url in
  postgres://*|postgresql://*)
    tables=$(psql --no-psqlrc --dbname="$url" --tuples-only --no-align --set=ON_ERROR_STOP=1 \
      --command="SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
    [ "$tables" = 0 ] || die "the database has $tables tables already: make a new one"
    pg_restore --dbname="$url" --single-transaction --exit-on-error --no-owner --no-privileges "$file"
    # Plans are made by what is known of the tables. The cluster's own are not ours, and each would be told of.
    psql --no-psqlrc --quiet --dbname="$url" --command='SET client_min_messages = error' --command='ANALYZE' ;;
  sqlite:*)
    target=${url#sqlite:}; target=${target#//}; target=${target%%\?*}
    for there in "$target" "$target-wal" "$target-shm"; do
      [ ! -e "$there" ] || die "$there is there already"
    done
    cp "$file" "$target.partial"
    [ "$(sqlite3 "$target.partial" 'PRAGMA integrity_check')" = ok ] || die "$file is damaged"
    mv "$target.partial" "$target" ;;
  *) die 'a database URL begins with postgres:// or sqlite:' ;;
esac

namaskah=${NAMASKAH:-$(command -v namaskah || true)}
if [ -z "$namaskah" ]; then
  printf 'restored; now run: namaskah audit, with this database\n'
  exit 0
fi
"$namaskah" audit --database-url "$url"
