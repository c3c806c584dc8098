#!/bin/sh
# configure.sh FILE FOLDER: prints Alertmanager's configuration FILE with an installation's addresses, which are in the environment,
# so that no tracked file is edited: ALERTS_SMTP_HOST (host:port), ALERTS_FROM, ALERTS_PAGES_TO, ALERTS_TICKETS_TO. Secrets are files
# in FOLDER: without `smtp_password` it does not sign in at the mail server (as ALERTS_SMTP_USER, else ALERTS_FROM), without
# `chat_url` it tells no chat. ALERTS_SMTP_TLS=no is for a mail server that nobody else reaches.
set -eu

die() { printf 'configure: %s\n' "$*" >&2; exit 1; }
[ $# -eq 2 ] || die 'usage: configure.sh FILE FOLDER'
file=$1 folder=$2
: "${ALERTS_SMTP_HOST:?is not set}" "${ALERTS_FROM:?is not set}" "${ALERTS_PAGES_TO:?is not set}" "${ALERTS_TICKETS_TO:?is not set}"
user=${ALERTS_SMTP_USER:-$ALERTS_FROM}
for address in "$ALERTS_SMTP_HOST" "$ALERTS_FROM" "$ALERTS_PAGES_TO" "$ALERTS_TICKETS_TO" "$user"; do
  case $address in *[\"\\\|\&]*) die "this is no address: $address" ;; esac
done

set -- -e "s|\"mail\.namaskah\.example:587\"|\"$ALERTS_SMTP_HOST\"|" \
  -e "s|^\(  smtp_from: \).*|\1\"$ALERTS_FROM\"|" \
  -e "s|^\(  smtp_auth_username: \).*|\1\"$user\"|" \
  -e "s|\"oncall@namaskah\.example\"|\"$ALERTS_PAGES_TO\"|" \
  -e "s|\"operations@namaskah\.example\"|\"$ALERTS_TICKETS_TO\"|" \
  -e "s|\(_file: \)|\1$folder/|"
[ -s "$folder/smtp_password" ] || set -- "$@" -e '/^  smtp_auth_/d'
[ -s "$folder/chat_url" ] || set -- "$@" -e '/slack_configs: &chat/,/text: /d' -e '/slack_configs: \*chat/d'
[ "${ALERTS_SMTP_TLS:-yes}" != no ] || set -- "$@" -e 's|\(smtp_require_tls: \)true|\1false|'
configured=$(sed "$@" "$file")
case $configured in *namaskah.example*) die 'an address of the example is left' ;; esac
printf '%s\n' "$configured"
