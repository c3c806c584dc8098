#!/usr/bin/env bash
# The first start, and each update, without a failed request: the schema is brought up to date while the old version serves,
# then one instance is replaced after the other, each once the one before it is ready. The image is built here, or is the
# one that IMAGE names.
set -euo pipefail
cd "$(dirname "$0")"

die() { printf 'rollout: %s\n' "$*" >&2; exit 1; }
for file in production.env composition.env; do
  [ -f "$file" ] || die "copy $file.example to $file, and fill it in"
done
# Everything in it is told to the containers that serve.
if foreign=$(grep -oE '^(DOMAIN|ACME_EMAIL|[A-Z]+_PASSWORD|ALERTS_[A-Z_]+|BACKUP_[A-Z_]+)=' production.env); then
  die "move these from production.env to composition.env: ${foreign//$'\n'/ }"
fi
compose() { docker compose --env-file composition.env "$@"; }

before=$(compose ps --quiet --status running prometheus)
if [ -n "${IMAGE:-}" ]; then compose pull one; else compose build one; fi
compose up --detach --wait postgres redis
compose run --rm --no-deps migrate
# Whole before any of it is done.
grants=$(compose run --rm --no-deps -T migrate migrate grants namaskah_app)
compose exec -T postgres psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --username=namaskah namaskah <<<"$grants"
for instance in one two; do
  compose up --detach --no-deps --no-build --wait "$instance"
done
compose up --detach --no-build --wait
# Files that came with the update: the proxy reads its own again without a break, the watchers begin anew.
if [ -n "$before" ]; then
  compose exec -T proxy caddy reload --config /etc/caddy/Caddyfile
  compose restart prometheus blackbox alertmanager loki alloy grafana
fi
