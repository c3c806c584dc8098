// Paystack's own client for Node, unchanged, against a running sandbox: node paystack_check.mjs [base address].
// Its base address is fixed, so what it sends there is sent to the sandbox instead, byte for byte.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import http from "node:http";
import https from "node:https";
import { createRequire } from "node:module";
import { join } from "node:path";

const base = (process.argv[2] ?? "http://127.0.0.1:8081").replace(/\/+$/, "");
https.request = (url, options, done) => {
  assert.equal(url, "https://api.paystack.co");
  return http.request(base, { ...options, path: "/paystack" + options.path }, done);
};

const sdk = createRequire(join(process.cwd(), "here.js"))("@paystack/paystack-sdk");
const Paystack = sdk.Paystack ?? sdk;
const client = new Paystack("any");
const step = (words, value) => (console.log(words + ":", value), value);
const control = async (path, body) => {
  const response = await fetch(base + path, { method: "POST", body: JSON.stringify(body) });
  assert.equal(response.status, 200);
  return response.json();
};

const reference = "check-" + randomUUID();
const opened = await client.transaction.initialize({ email: "client@check.test", amount: 500000, reference });
assert.equal(opened.status, true);
step("checkout", opened.data.authorization_url);
assert.equal((await client.transaction.verify({ reference })).data.status, "abandoned");

await control("/control/paystack/" + reference, { outcome: "success" });
const paid = await client.transaction.verify({ reference });
assert.deepEqual(step("paid", [paid.data.status, paid.data.amount, paid.data.fees]), ["success", 500000, 7500]);
assert.equal((await client.transaction.fetch({ id: paid.data.id })).data.reference, reference);
assert.ok((await client.transaction.list({})).data.some((one) => one.reference === reference));

const refund = await client.refund.create({ transaction: reference, amount: 200000 });
assert.equal(step("refund", refund.data.status), "pending");
assert.equal((await client.refund.fetch({ id: String(refund.data.id) })).data.amount, 200000);
step("disputes", (await client.dispute.list({})).data.length);

const missing = await client.transaction.verify({ reference: "no-such-reference" }).catch((error) => error);
assert.notEqual(missing.status, true);
console.log("ok");
