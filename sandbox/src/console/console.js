"use strict";
// Everything shown is set as text. Each list is redrawn only when its data changed, so a box being typed in stays.
const at = (id) => document.getElementById(id);
const say = (text) => { const said = at("said"); if (said) said.textContent = text; };

function make(tag, text, className) {
  const node = document.createElement(tag);
  if (text !== undefined) node.textContent = text;
  if (className) node.className = className;
  return node;
}

async function ask(path, body) {
  const how = body === undefined ? {} : {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body),
  };
  const response = await fetch(path, how);
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error || "HTTP " + response.status);
  return answer;
}

async function act(path, body, done) {
  try {
    const answer = await ask(path, body);
    say(done);
    return answer;
  } catch (error) {
    say(error.message);
    return null;
  }
}

function button(text, className, press) {
  const node = make("button", text, className);
  node.type = "button";
  node.addEventListener("click", press);
  return node;
}

const drawn = new Map();
function redraw(id, data, draw, nothing) {
  const text = JSON.stringify(data);
  if (drawn.get(id) === text) return;
  drawn.set(id, text);
  const box = at(id);
  box.replaceChildren(...(data.length ? data.map(draw) : [make("p", nothing, "quiet")]));
}

function phone(purchase) {
  const item = make("div", undefined, "item");
  const title = make("p");
  title.append(make("strong", "+1" + purchase.number), " · " + purchase.service + " · " + purchase.state.replace("verification", "").toLowerCase());
  item.append(title);
  item.append(make("p", purchase.account + " · charged " + purchase.charged + " · credited " + purchase.credited + " · ends " + purchase.ends_at, "quiet"));
  for (const message of purchase.messages) item.append(make("pre", message.smsContent ?? "(encrypted)"));
  const form = make("form", undefined, "row");
  const box = make("input");
  box.name = "text";
  box.required = true;
  box.value = "Your code is " + String(Math.floor(100000 + Math.random() * 900000));
  box.setAttribute("aria-label", "Text to " + purchase.number);
  form.append(box, make("button", "Send"));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    await act("/control/textverified/" + encodeURIComponent(purchase.id) + "/sms", { text: box.value }, "Text sent.");
    refresh();
  });
  item.append(form);
  return item;
}

function checkoutItem(transaction) {
  const item = make("div", undefined, "item");
  const title = make("p");
  title.append(make("strong", transaction.currency + " " + (transaction.requested_amount / 100).toFixed(2)), " · " + transaction.status);
  item.append(title, make("p", transaction.reference + " · " + transaction.customer.email, "quiet"));
  const row = make("div", undefined, "row");
  const pay = (body) => async () => {
    await act("/control/paystack/" + encodeURIComponent(transaction.reference), body, "Done.");
    refresh();
  };
  row.append(
    button("Pay", "", pay({ outcome: "success" })),
    button("Pay, lose the webhook", "second", pay({ outcome: "success", webhook: "lose" })),
    button("Decline", "second", pay({ outcome: "failed" })),
  );
  if (transaction.status === "abandoned" || transaction.status === "failed") item.append(row);
  return item;
}

function mail(message) {
  const item = make("div", undefined, "item");
  item.append(make("p", message.subject), make("p", message.to + " · " + message.received_at, "quiet"), make("pre", message.text));
  return item;
}

async function refresh() {
  try {
    const [state, inbox, faults] = await Promise.all([ask("/control/state"), ask("/inbox"), ask("/control/faults")]);
    at("now").textContent = state.clock.now;
    at("offset").textContent = state.clock.offset_s > 0 ? state.clock.offset_s + " s ahead of this computer" : "";
    at("hooks").textContent = "Webhooks to " + (state.webhooks.product_url ?? "nobody") + ": " + state.webhooks.delivered
      + " delivered, " + state.webhooks.pending + " waiting, " + state.webhooks.given_up + " given up.";
    const purchases = Object.entries(state.textverified.accounts)
      .flatMap(([account, books]) => books.purchases.map((purchase) => ({ account, ...purchase })));
    purchases.sort((a, b) => (a.created_at < b.created_at ? 1 : -1));
    redraw("phones", purchases.slice(0, 50), phone, "No number has been bought.");
    redraw("checkouts", state.paystack.transactions.slice(-50).reverse(), checkoutItem, "Nothing to pay.");
    redraw("inbox", inbox.data.slice(0, 50), mail, "No mail.");
    redraw("faults", faults.faults, (f) => make("p", f.provider + " " + f.operation + ": " + f.mode + ", " + f.count + " more"), "No fault is set.");
  } catch (error) {
    say(error.message);
  }
}

function startConsole() {
  for (const node of document.querySelectorAll("[data-advance]")) {
    node.addEventListener("click", async () => {
      say("Moving the clock…");
      await act("/control/clock", { advance_s: Number(node.dataset.advance) }, "The clock has moved, and due work has run.");
      refresh();
    });
  }
  at("reset").addEventListener("click", async () => {
    await act("/control/reset", {}, "The books are empty.");
    refresh();
  });
  const operations = {
    textverified: ["create", "get", "list", "cancel", "report", "sms", "pricing", "auth"],
    paystack: ["initialize", "verify", "list", "refund"],
    pwnedpasswords: ["range"],
    smtp: ["send"],
  };
  const form = at("fault");
  for (const [provider, names] of Object.entries(operations)) {
    for (const name of names) form.elements.operation.append(make("option", provider + " " + name));
  }
  for (const mode of ["timeout_before", "timeout_after", "http_500", "http_429", "malformed", "disconnect", "none"]) {
    form.elements.mode.append(make("option", mode));
  }
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const [provider, operation] = form.elements.operation.value.split(" ");
    const body = { provider, operation, mode: form.elements.mode.value, count: Number(form.elements.count.value) };
    await act("/control/faults", body, "Set.");
    refresh();
  });
  refresh();
  setInterval(refresh, 2000);
}

function startCheckout(card) {
  const { reference, callback } = card.dataset;
  for (const node of card.querySelectorAll("[data-outcome]")) {
    node.addEventListener("click", async () => {
      const body = { outcome: node.dataset.outcome, webhook: node.dataset.webhook ?? "deliver" };
      const answer = await act("/control/paystack/" + encodeURIComponent(reference), body, "Done.");
      if (!answer) return;
      at("status").textContent = answer.transaction.status;
      if (!callback) return;
      const back = new URL(callback);
      back.searchParams.set("trxref", reference);
      back.searchParams.set("reference", reference);
      at("back").href = back.href;
      at("back").hidden = false;
    });
  }
}

if (at("console")) startConsole();
if (at("checkout")) startCheckout(at("checkout"));
