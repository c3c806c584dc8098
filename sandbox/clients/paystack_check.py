"""Paystack's own client for Python, unchanged, against a running sandbox: python paystack_check.py [base address]."""

import json
import sys
import urllib.request
import uuid

import paystack
from paystack.configuration import Configuration
from paystack.exceptions import ApiException

base = (sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8081").rstrip("/")
paystack.api_key = "any"
settings = Configuration()
settings.host = f"{base}/paystack"
Configuration.set_default(settings)


def control(path, body):
    request = urllib.request.Request(
        f"{base}{path}", json.dumps(body).encode(), {"content-type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(request) as response:
        return json.load(response)


def step(words, value):
    print(f"{words}: {value}")
    return value


def data(response):
    return response.data if hasattr(response, "data") else response["data"]


reference = f"check-{uuid.uuid4()}"
opened = data(paystack.Transaction.initialize(email="client@check.test", amount=500000, reference=reference))
step("checkout", opened["authorization_url"])
assert data(paystack.Transaction.verify(reference))["status"] == "abandoned"
try:
    paystack.Transaction.initialize(email="client@check.test", amount=500000, reference=reference)
    raise SystemExit("a reference was taken twice")
except ApiException as error:
    step("second use of the reference", error.status)

control(f"/control/paystack/{reference}", {"outcome": "success"})
paid = data(paystack.Transaction.verify(reference))
assert step("paid", (paid["status"], paid["amount"], paid["fees"])) == ("success", 500000, 7500)
assert data(paystack.Transaction.fetch(paid["id"]))["reference"] == reference
assert data(paystack.Transaction.timeline(reference))["success"] is True
assert reference in [one["reference"] for one in data(paystack.Transaction.list(per_page=50, page=1))]

refund = data(paystack.Refund.create(transaction=reference, amount=200000))
assert step("refund", refund["status"]) == "pending"
assert data(paystack.Refund.fetch(str(refund["id"])))["amount"] == 200000
assert len(data(paystack.Refund.list())) >= 1
step("disputes", data(paystack.Dispute.list()))
try:
    paystack.Transaction.verify("no-such-reference")
    raise SystemExit("an unknown reference was found")
except ApiException as error:
    assert step("unknown reference", error.status) == 404
print("ok")
