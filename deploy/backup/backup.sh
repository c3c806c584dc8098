#!/bin/sh
# backup.sh DATABASE_URL FOLDER: one consistent copy of the database, taken while the product serves. Prints the path of
# the file. BACKUP_KEEP_DAYS=N removes copies in FOLDER that are older than N days, once the new one is there.
#
# postgres://… needs pg_dump, of the server's version or later, and a user that may read every table: the schema's owner.
# Not through a pooler. sqlite:… needs sqlite3. A copy holds addresses, balances and hashes in the clear, and numbers and
# texts sealed: keep it as closely as the database, and keep encryption_key and signing_key apart from it.
set -eu

die() { printf 'backup: %s\n' "$*" >&2; exit 1; }
[ $# -eq 2 ] || die 'usage: backup.sh DATABASE_URL FOLDER'
url=$1 folder=$2
umask 077
mkdir -p "$folder"
stamp=$(date -u +%Y%m%dT%H%M%SZ)

# Named only when it is whole, so that nobody restores half of one.
partial=$folder/.partial-$stamp-$$
trap 'rm -f "$partial"' EXIT

case $url in
  postgres://*|postgresql://*)
    file=$folder/namaskah-$stamp.dump
    pg_dump --dbname="$url" --format=custom --no-owner --no-privileges --file="$partial"
    # It can be read to its end.
    pg_restore --file=/dev/null "$partial" ;;
  sqlite:*)
    file=$folder/namaskah-$stamp.db
    source=${url#sqlite:}; source=${source#//}; source=${source%%\?*}
    [ -f "$source" ] || die "there is no database at $source"
    # One reading transaction, so writers go on and the copy is of one moment.
    sqlite3 -bail "$source" '.timeout 10000' "VACUUM INTO '$(printf %s "$partial" | sed "s/'/''/g")'"
    [ "$(sqlite3 "$partial" 'PRAGMA integrity_check')" = ok ] || die 'the copy is damaged' ;;
  *) die 'a database URL begins with postgres:// or sqlite:' ;;
esac

[ ! -e "$file" ] || die "$file is there already"
sum=$(sha256sum "$partial"); sum=${sum%% *}
mv "$partial" "$file"
printf '%s  %s\n' "$sum" "$(basename "$file")" >"$file.sha256"
if [ -n "${BACKUP_KEEP_DAYS:-}" ]; then
  find "$folder" -maxdepth 1 -name 'namaskah-*' -mtime "+$BACKUP_KEEP_DAYS" -delete
fi
printf '%s\n' "$file"
