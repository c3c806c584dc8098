# The product for a scanner: started on free ports with its own simulators, with somebody signed in who has money to
# spend. Read by other scripts, which set `binary` and then call `start_product` and `sign_in ADDRESS`. Sets $folder,
# $product and $sandbox; `token`, `cookie` and `csrf` after signing in. Ends what it started.

product_pid=
folder=$(mktemp -d)
finish() {
  [ -z "$product_pid" ] || { kill "$product_pid" 2>/dev/null || true; wait "$product_pid" 2>/dev/null || true; }
  rm -rf "$folder"
}
trap finish EXIT

die() { printf '%s: %s\n' "$0" "$*" >&2; exit 1; }

# PACKAGE VERSION: into the folder of Python packages, once.
need_package() {
  venv=$(realpath -m target/fuzz-venv)
  command -v python3 >/dev/null || die 'there is no python3'
  "$venv/bin/pip" freeze 2>/dev/null | grep -qix "$1==$2" && return
  [ -x "$venv/bin/pip" ] || python3 -m venv "$venv" || die 'python3 has no venv: install the package python3-venv'
  "$venv/bin/pip" install --quiet "$1==$2"
}

address() { awk -v label="$1" '$1 == label { print $2; exit }' "$folder/out"; }

# The limits are out of the way: they have tests of their own. `public_url`, where it is set, is how users reach it: by
# TLS that ends in front of it, with the cookies and headers of there.
start_product() {
  [ -x "$binary" ] || die "$binary is missing: cargo build -p namaskah"
  command -v curl >/dev/null || die 'there is no curl'
  env -u NAMASKAH_BINARY NAMASKAH_LIMIT_FACTOR=1000000 NAMASKAH_LOG=error \
    ${public_url:+NAMASKAH_PUBLIC_URL="$public_url"} "$binary" serve --data-dir "$folder/data" \
    --listen 127.0.0.1:0 --sandbox-listen 127.0.0.1:0 --sandbox-smtp-listen 127.0.0.1:0 \
    >"$folder/out" 2>"$folder/log" &
  product_pid=$!
  for _ in $(seq 300); do
    product=$(address product); sandbox=$(address sandbox)
    [ -n "$product" ] && [ -n "$sandbox" ] && break
    kill -0 "$product_pid" 2>/dev/null || die "the product did not start: $(cat "$folder/log")"
    sleep 0.1
  done
  [ -n "$sandbox" ] || die 'the product told no address'
}

post() { curl -sS --noproxy '*' -H 'Content-Type: application/json' "${@:3}" -d "$2" "$product/api/v1/$1"; }
field() { python3 -c 'import json,sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }

sign_in() {
  local account="{\"email\":\"$1\",\"password\":\"seven quiet lanterns\"}" mailed payment
  post auth/register "$account" >/dev/null
  for _ in $(seq 100); do
    mailed=$(curl -sS --noproxy '*' "$sandbox/inbox?to=$1" | grep -o 'token=[A-Za-z0-9_-]*' | head -n1 || true)
    [ -n "$mailed" ] && break
    sleep 0.1
  done
  post auth/verify-email "{\"token\":\"${mailed#token=}\"}" >/dev/null
  token=$(post auth/login "$account" | field access_token)
  csrf=$(post auth/session "$account" -D "$folder/head" | field csrf_token)
  cookie=$(sed -n 's/^set-cookie: \([^;]*\);.*/\1/ip' "$folder/head" | tr -d '\r')

  # Money to spend, so that purchases are made and not only refused.
  local money='{"provider":"paystack","amount":{"amount":"5000.00","currency":"USD"}}'
  payment=$(post payments "$money" -H "Authorization: Bearer $token" -H 'Idempotency-Key: scan')
  curl -sS --noproxy '*' -d '{"outcome":"success","webhook":"lose"}' \
    "$sandbox/control/paystack/$(field reference <<<"$payment")" >/dev/null
  post "payments/$(field id <<<"$payment")/sync" '' -H "Authorization: Bearer $token" >/dev/null

  # And money that no refund can take back: an account that is empty may be closed, and with it ends the sign-in.
  env -u NAMASKAH_BINARY "$binary" money promo grant --data-dir "$folder/data" --user "$1" --amount 5000.00 \
    --reason 'stays, whatever the scanner gives back' --key scan >/dev/null
}

# After a scan: the sign-in stands (FLAGS of curl that show it), the product is well and has logged no fault.
still_well() {
  curl -sSf --noproxy '*' "$@" "$product/api/v1/me" >/dev/null || die 'the sign-in has ended on the way'
  curl -sSf --noproxy '*' "$product/readyz" >/dev/null || die 'the product is not ready any more'
  if grep -E 'ERROR|panic' "$folder/log"; then die 'the product has logged faults'; fi
}
