"""TextVerified's own client, unchanged, against a running sandbox: python textverified_check.py [base address]."""

import json
import sys
import urllib.request

from textverified import NewVerificationRequest, NumberType, ReservationCapability, ReservationType, TextVerified
from textverified._testing import TestMode
from textverified.exceptions import TextVerifiedError

base = (sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8081").rstrip("/")
client = TextVerified(api_key="any", api_username="client@check.test", base_url=f"{base}/textverified")


def control(path, body):
    request = urllib.request.Request(
        f"{base}{path}", json.dumps(body).encode(), {"content-type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(request) as response:
        return json.load(response)


def step(words, value):
    print(f"{words}: {value}")
    return value


before = step("balance", client.account.me().current_balance)
services = client.services.list(NumberType.MOBILE, ReservationType.VERIFICATION)
assert step("services", len(services)) >= 23
assert step("area codes", len(client.services.area_codes())) > 10

price = client.verifications.pricing(
    service_name="whatsapp", area_code=False, carrier=False, number_type=NumberType.MOBILE,
    capability=ReservationCapability.SMS,
)
assert step("price of whatsapp", price.price) == 0.75


def buy(service, **options):
    request = NewVerificationRequest(service_name=service, capability=ReservationCapability.SMS, **options)
    return client.verifications.create(request)


bought = buy("whatsapp", max_price=0.75)
step("bought", (bought.id, bought.number, bought.state.value))
assert bought.cancel.can_cancel and abs(client.account.me().current_balance - (before - 0.75)) < 1e-9

control(f"/control/textverified/{bought.id}/sms", {"text": "Your code is 482913"})
texts = list(client.sms.list(bought))
assert step("texts", [text.parsed_code for text in texts]) == ["482913"]
assert [text.parsed_code for text in client.sms.incoming(bought, timeout=5, since=bought.created_at)] == ["482913"]
assert client.verifications.details(bought.id).state.value == "verificationCompleted"
assert client.verifications.reuse(bought.id) and client.verifications.report(buy("google").id)

cancelled = buy("telegram")
assert client.verifications.cancel(cancelled) and client.verifications.reactivate(cancelled.id)
try:
    client.verifications.cancel(cancelled)
    raise SystemExit("a second cancel was accepted")
except TextVerifiedError as error:
    step("second cancel refused", error.error_code)

for _ in range(30):
    buy("discord")
assert step("listed over pages", len(list(client.verifications.list()))) >= 34
assert list(client.calls.list()) == []

# Its test mode looks at whole paths, so it needs a base without one.
testing = TextVerified(api_key="any", api_username="client@check.test", base_url=base)
request = NewVerificationRequest(service_name="whatsapp", capability=ReservationCapability.SMS)
mock = testing.verifications.create(request, test=TestMode.MOCK_SUCCESS)
assert step("test mode", (mock.id[:5], mock.state.value)) == ("mock_", "verificationCompleted")
for mode, code in [
    (TestMode.MOCK_INSUFFICIENT_BALANCE, "InsufficientBalance"),
    (TestMode.MOCK_NO_NUMBERS, "Unavailable"),
    (TestMode.MOCK_TOO_MANY_UNFINISHED_VERIFICATIONS, "TooManyUnfinishedVerifications"),
]:
    testing.test_mode = mode
    try:
        testing.verifications.create(request)
        raise SystemExit(f"{mode} was accepted")
    except TextVerifiedError as error:
        assert step(mode.value, error.error_code) == code
print("ok")
