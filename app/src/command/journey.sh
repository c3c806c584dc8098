
A first journey, to paste into a shell with curl and jq:

  P={product}/api/v1; S={sandbox}; J='Content-Type: application/json'; E=me$(date +%s)@example.com
  curl -sS $P/auth/register -H "$J" -d '{"email":"'$E'","password":"a long enough passphrase"}'; echo
  for i in 1 2 3 4 5 6 7 8 9; do T=$(curl -sS "$S/inbox?to=$E" | jq -er '.data[0].text | capture("token=(?<t>[A-Za-z0-9_-]+)").t' 2>/dev/null) && break; sleep 0.3; done
  curl -sS $P/auth/verify-email -H "$J" -d '{"token":"'$T'"}'
  A="Authorization: Bearer $(curl -sS $P/auth/login -H "$J" -d '{"email":"'$E'","password":"a long enough passphrase"}' | jq -r .access_token)"
  D=$(curl -sS $P/payments -H "$A" -H "$J" -H "Idempotency-Key: pay-$E" -d '{"provider":"paystack","amount":{"amount":"10.00","currency":"USD"}}')
  curl -sS $S/control/paystack/$(echo "$D" | jq -r .reference) -H "$J" -d '{"outcome":"success"}' >/dev/null
  curl -sS -X POST $P/payments/$(echo "$D" | jq -r .id)/sync -H "$A" >/dev/null; curl -sS $P/wallet -H "$A"; echo
  V=$(curl -sS $P/verifications -H "$A" -H "$J" -H "Idempotency-Key: buy-$E" -d '{"service":"whatsapp","country":"US","max_price":{"amount":"2.00","currency":"USD"}}'); echo "$V"
  curl -sS $S/control/textverified/sms -H "$J" -d '{"number":"'$(echo "$V" | jq -r .phone_number)'","text":"Your WhatsApp code: 806-185"}' >/dev/null
  curl -sS "$P/verifications/$(echo "$V" | jq -r .id)?wait=10&version=$(echo "$V" | jq -r .version)" -H "$A"; echo
  curl -sS $P/wallet -H "$A"; echo
