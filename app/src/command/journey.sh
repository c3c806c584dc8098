
A first journey, to paste into a shell with curl and jq:

  P={product}/api/v1; S={sandbox}; J='Content-Type: application/json'; E=me$RANDOM@example.com
  curl -sS $P/auth/register -H "$J" -d '{"email":"'$E'","password":"a long enough passphrase"}'; echo
  T=$(curl -sS --retry 5 --retry-all-errors -f "$S/inbox?to=$E" | jq -r '.data[0].text' | grep -o 'token=[^ >"]*' | head -1 | cut -d= -f2)
  curl -sS $P/auth/verify-email -H "$J" -d '{"token":"'$T'"}'
  A="Authorization: Bearer $(curl -sS $P/auth/login -H "$J" -d '{"email":"'$E'","password":"a long enough passphrase"}' | jq -r .access_token)"
  R=$(curl -sS $P/payments -H "$A" -H "$J" -H "Idempotency-Key: pay-$E" -d '{"provider":"paystack","amount":{"amount":"10.00","currency":"USD"}}' | jq -r .reference)
  curl -sS $S/control/paystack/$R -H "$J" -d '{"outcome":"success","webhook":"deliver"}' >/dev/null; sleep 1
  curl -sS $P/wallet -H "$A"; echo
  V=$(curl -sS $P/verifications -H "$A" -H "$J" -H "Idempotency-Key: buy-$E" -d '{"service":"whatsapp","country":"US","max_price":{"amount":"2.00","currency":"USD"}}'); echo "$V"
  curl -sS $S/control/textverified/sms -H "$J" -d '{"number":"'$(echo "$V" | jq -r .phone_number)'","text":"Your WhatsApp code: 806-185"}' >/dev/null
  curl -sS "$P/verifications/$(echo "$V" | jq -r .id)?wait=10&version=$(echo "$V" | jq -r .version)" -H "$A"; echo
