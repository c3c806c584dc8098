// What the tests play with this client: node journey.js ADDRESS TOKEN, for a user with money. Prints what it saw.

import { Client, Refusal } from "./client.js";

declare const process: { argv: string[]; exitCode: number };

const [, , base = "", token = ""] = process.argv;
const client = new Client(base, token);

const before = await client.call("get_wallet");
const wanted = { service: "telegram", country: "US", max_price: { amount: "2.00", currency: "USD" as const } };
const order = await client.call("create_verification", { key: "from-typescript", body: wanted });
const again = await client.call("create_verification", { key: "from-typescript", body: wanted });
const seen = await client.call("get_verification", { path: { id: order.id }, query: { wait: 0 } });
const cancelled = await client.call("cancel_verification", { path: { id: order.id } });
const listed = await client.call("list_verifications", { query: { status: "cancelled", limit: 5 } });
let refused = "";
try {
  await new Client(base).call("get_me");
} catch (error) {
  if (!(error instanceof Refusal)) throw error;
  refused = error.problem.code;
}
console.log(
  JSON.stringify({
    available: before.available.amount,
    same: order.id === again.id && order.id === seen.id,
    status: cancelled.status,
    listed: listed.data.map((each) => each.id).includes(order.id),
    refused,
  }),
);
