// A typed client of Namaskah's HTTP API. Types and places come from schema.ts, which is made from the OpenAPI document.

import { operations, type Operations, type Problem } from "./schema.js";

/** The product refused, or could not. Branch on `problem.code`. */
export class Refusal extends Error {
  constructor(readonly problem: Problem) {
    super(`${problem.status} ${problem.code}: ${problem.detail}`);
  }
}

/** Something between us and the product answered in its place. */
export class ForeignAnswer extends Error {
  constructor(readonly status: number) {
    super(`an answer of status ${status} that is not the product's`);
  }
}

/** What a call is given; nothing where nothing is asked for. */
type Given<K extends keyof Operations> = {} extends Operations[K]["given"]
  ? [given?: Operations[K]["given"]]
  : [given: Operations[K]["given"]];

interface AnyGiven {
  path?: Record<string, string>;
  query?: Record<string, string | number | boolean | undefined>;
  key?: string;
  body?: unknown;
}

export class Client {
  readonly #base: string;
  readonly #bearer: string | undefined;

  /** `bearer` is an API key, or an access token. */
  constructor(base: string, bearer?: string) {
    this.#base = base.replace(/\/+$/, "");
    this.#bearer = bearer;
  }

  /**
   * Makes a call by the name that the document gives it. If nothing comes back of a command, what it came to is unknown: make
   * the same call again under its key.
   */
  async call<K extends keyof Operations>(name: K, ...[given]: Given<K>): Promise<Operations[K]["answer"]> {
    const [method, template, how] = operations[name];
    const { path = {}, query = {}, key, body }: AnyGiven = given ?? {};
    const place = template.replace(/\{(\w+)\}/g, (_, part: string) => encodeURIComponent(path[part] ?? ""));
    const url = new URL(this.#base + place);
    for (const [field, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(field, String(value));
    }
    const headers = new Headers();
    if (this.#bearer !== undefined) headers.set("Authorization", `Bearer ${this.#bearer}`);
    if (key !== undefined) headers.set("Idempotency-Key", key);
    if (body !== undefined) headers.set("Content-Type", "application/json");
    const sent = body === undefined ? null : JSON.stringify(body);
    const response = await fetch(url, { method, headers, body: sent, redirect: "manual" });
    if (!response.ok) throw await refusal(response);
    const answer: unknown = how === "json" ? await response.json() : how === "text" ? await response.text() : undefined;
    return answer as Operations[K]["answer"];
  }
}

async function refusal(response: Response): Promise<Error> {
  if (response.headers.get("Content-Type") !== "application/problem+json") return new ForeignAnswer(response.status);
  return new Refusal((await response.json()) as Problem);
}
