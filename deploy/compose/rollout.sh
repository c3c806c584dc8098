#!/bin/sh
# The first start, and each update, without a failed request: the schema is brought up to date while the old version serves,
# then one instance is replaced after the other, each once the one before it is ready. The image is built here, or is the
# one that IMAGE names.
set -eu
cd "$(dirname "$0")"
[ -f production.env ] || { echo 'rollout: copy production.env.example to production.env, and fill it in' >&2; exit 1; }
compose() { docker compose --env-file production.env "$@"; }

if [ -n "${IMAGE:-}" ]; then compose pull one; else compose build one; fi
compose up --detach --wait postgres redis
compose run --rm --no-deps migrate
compose run --rm --no-deps -T migrate migrate grants namaskah_app |
  compose exec -T postgres psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --username=namaskah namaskah
for instance in one two; do
  compose up --detach --no-deps --no-build --wait "$instance"
done
compose up --detach --no-build
