// Made from client/openapi.json by `tests/run openapi accept`. Not for hands.

/** An address. */
export interface Address {
  /** Where a mail is sent to. */
  email: string;
}

/** A correction of a wallet. */
export interface Adjustment {
  /** By how much. */
  amount: Money;
  /** When it was booked or rejected. */
  decided_at?: string | null;
  /** Who approved or rejected; null if nobody did, or nobody had to. */
  decided_by?: string | null;
  /** Until when somebody else can decide; null unless it waits, or has waited in vain. */
  expires_at?: string | null;
  /** Its identifier. */
  id: string;
  /** Why it was rejected, if that was said. */
  note?: string | null;
  /** When. */
  proposed_at: string;
  /** Who asked. */
  proposed_by: string;
  /** Why. */
  reason: string;
  /** How it stands. */
  status: "proposed" | "expired" | "booked" | "rejected";
  /** Whose wallet. */
  user_id: string;
}

/** Why a correction is not made. */
export interface AdjustmentRejection {
  /** For whoever proposed it. */
  reason?: string | null;
}

/** A network from which staff may come. */
export interface AllowedNetwork {
  /** When. */
  added_at: string;
  /** Who entered it. */
  added_by: string;
  /** Which. */
  network: string;
  /** What it is. */
  note: string;
}

/** A key. */
export interface ApiKey {
  /** The only addresses from which it may be used; none: anywhere. */
  allowed_ips: Array<string>;
  /** When it was made. */
  created_at: string;
  /** From when on it is void. */
  expires_at?: string | null;
  /** The identifier. */
  id: string;
  /** When it was last used, to the minute. */
  last_used_at?: string | null;
  /** What you call it. */
  name: string;
  /** What the secret begins with. */
  prefix: string;
  /** What it may do. */
  scopes: Array<"wallet:read" | "wallet:write" | "verifications:read" | "verifications:write" | "webhooks:write">;
}

/** A key to be. */
export interface ApiKeyWish {
  /** The only addresses from which it may be used, 1 to 32. Without: anywhere. */
  allowed_ips?: Array<string> | null;
  /** From when on it is void. Without: never. */
  expires_at?: string | null;
  /** What you call it. */
  name: string;
  /** What it may do; at least one. Writing does not include reading. */
  scopes: Array<"wallet:read" | "wallet:write" | "verifications:read" | "verifications:write" | "webhooks:write">;
}

/** Who did something. */
export interface AuditActor {
  /** Who. */
  id: string;
  /** From which address. */
  ip: string;
  /** By which request. */
  request_id: string;
  /** As what. */
  role: "user" | "support" | "finance" | "operator" | "owner";
}

/** One line of the log. */
export interface AuditEntry {
  /** What was done. */
  action: "owner.created" | "staff.added" | "staff.role_changed" | "staff.removed" | "user.factor_reset" | "user.suspended" | "user.unsuspended" | "user.password_reset" | "user.sessions_ended" | "user.mail_allowed" | "user.webhook_switched_off" | "user.webhook_switched_on" | "movement.booked" | "adjustment.booked" | "adjustment.proposed" | "adjustment.approved" | "adjustment.rejected" | "ticket.answered" | "ticket.noted" | "ticket.status_changed" | "ticket.assigned" | "canned_answer.set" | "canned_answer.removed" | "suspense.resolved" | "payment.refunded" | "refund.settled" | "dispute.settled" | "promo.granted" | "promo.clawed_back" | "reconciliation.asked" | "finding.resolved" | "balance.accepted" | "job.retried" | "job.cancelled" | "export.taken" | "network.allowed" | "network.removed" | "verification.cancelled" | "verification.cancel_requested" | "service.blocked" | "service.unblocked" | "provider.switched_on" | "provider.switched_off" | "pricing_rule.added" | "pricing_rule.ended";
  /** By whom; null if it was done at the console of the machine. */
  actor?: AuditActor | null;
  /** What is so since. */
  after: Record<string, string>;
  /** When. */
  at: string;
  /** What was so before. */
  before: Record<string, string>;
  /** Its identifier. */
  id: string;
  /** To what. */
  subject: AuditSubject;
}

/** What reading the sealed log again has shown. */
export interface AuditLogVerification {
  /** How many batches were sealed. What is younger than ten minutes may not be among them yet. */
  batches: number;
  /** What is not as it was sealed. */
  broken: Array<BrokenSeal>;
  /** True if every row that was sealed is as it was. */
  whole: boolean;
}

/** To what something was done. */
export interface AuditSubject {
  /** Its name, such as `usr_…`. */
  id: string;
  /** Its kind, such as `user`. */
  kind: string;
}

/** Where a browser is to be sent to. */
export interface Authorization {
  /** A page of Google's. */
  authorization_url: string;
}

/** Orders that were placed together. */
export interface Batch {
  /** Its identifier. */
  id: string;
  /** What the refusal of one did to the others. */
  mode: "all_or_nothing" | "best_effort";
  /** One for each item, in their order. */
  results: Array<BatchResult>;
}

/** Items by state. Together they are all of the batch. */
export interface BatchCounts {
  /** Orders that were cancelled. */
  cancelled: number;
  /** Orders with a code. */
  completed: number;
  /** Orders that ended by time. */
  expired: number;
  /** Orders for which no number was had. */
  failed: number;
  /** Items that were not ordered. */
  refused: number;
  /** Orders whose number is being bought. */
  requested: number;
  /** Orders that wait for a text. */
  waiting: number;
}

/** Orders that were placed together, and how many are in which state. */
export interface BatchProgress {
  /** How many are in which state. */
  counts: BatchCounts;
  /** Its identifier. */
  id: string;
  /** What the refusal of one did to the others. */
  mode: "all_or_nothing" | "best_effort";
  /** One for each item, in their order. */
  results: Array<BatchResult>;
}

/** What became of one item. */
export interface BatchResult {
  /** Its place among the items, from 0. */
  index: number;
  /** With `refused`: why nothing was ordered. */
  problem?: ItemProblem | null;
  /** What was decided. It never changes. */
  status: "created" | "refused";
  /** With `created`: the order as it is now. */
  verification?: Verification | null;
}

/** A stretch of the log that is not as it was sealed. */
export interface BrokenSeal {
  /** Which rows. */
  rows: string;
  /** What is wrong with them. */
  why: string;
}

/** A browser's sign-in; the credential itself is in the cookie. */
export interface BrowserSession {
  /** Goes with every request that changes something, as `X-CSRF-Token`. */
  csrf_token: string;
  /** For how many seconds the session is good. */
  expires_in: number;
  /** Who signed in. */
  user: User;
}

/** A canned answer. */
export interface CannedAnswer {
  /** What it says: plain text, to be escaped wherever it is shown. */
  body: string;
  /** Its identifier. */
  id: string;
  /** What it is for, in a line. */
  name: string;
  /** When it was last changed. */
  updated_at: string;
}

/** What one comparison of a run came to. */
export interface Comparison {
  /** Credits that only the list showed, and that were booked. */
  booked: number;
  /** Findings that closed by themselves. */
  closed: number;
  /** Not in agreement, new or not. */
  differ: number;
  /** Too young to be judged. */
  late: number;
  /** In agreement. */
  matched: number;
  /** Findings that were opened, or opened again. */
  opened: number;
  /** How it ended. `skipped`: there is nothing to compare; `failed`: one side could not be read. */
  outcome: "compared" | "skipped" | "failed";
  /** False if something was left to the next run. */
  whole: boolean;
}

/** A country that numbers are sold from. */
export interface Country {
  /** ISO 3166. */
  code: string;
  /** In English. */
  name: string;
}

/** What goes with a browser's changes. */
export interface CsrfToken {
  /** Send it as `X-CSRF-Token`. */
  csrf_token: string;
}

/** A dispute over a payment. */
export interface Dispute {
  /** What the customer claims, or was given. */
  claimed: Money;
  /** When it was decided, as we learned it. */
  decided_at?: string | null;
  /** Its name at the gateway. */
  gateway_id: string;
  /** Its identifier. */
  id: string;
  /** When the gateway opened it. */
  opened_at: string;
  /** How it stands. */
  status: "open" | "won" | "lost";
  /** What of the wallet it freezes, or took; null once it is won. */
  worth?: Money | null;
}

/** How long a step-up is good. */
export interface Elevation {
  /** Until when this sign-in may change what you sign in with. */
  elevated_until: string;
  /** What a browser goes on with, whose new credential is in the cookie; the one of before is void. */
  session?: BrowserSession | null;
  /** What a sign-in by tokens goes on with; those of before are void. */
  tokens?: Tokens | null;
}

/** Something that happened. */
export interface Event {
  /** When it happened. */
  created_at: string;
  /** To what. */
  data: EventData;
  /** The identifier: the same wherever and however often it is told. */
  id: string;
  /** Its place in the log; null if it is only a try. */
  sequence?: number | null;
  /** What happened. */
  type: string;
}

/** What an event is about. */
export interface EventData {
  /** The record. */
  object: unknown;
}

/** Why no number was had. */
export interface Failure {
  /** Stable name. */
  code: string;
  /** In words. */
  detail: string;
}

/** What is wrong with one field. */
export interface FieldError {
  /** Stable name of what is wrong: `required`, `unknown_field`, `wrong_type`, `invalid` and more. */
  code: string;
  /** What is expected. */
  detail: string;
  /** Path of the field, as `items[0].service`. */
  field: string;
}

/** Something on which a provider's list and our books do not agree. */
export interface Finding {
  /** When the thing itself happened, as well as is known. */
  at: string;
  /** Whose list. */
  book: "paystack" | "textverified";
  /** When it was matched or resolved. */
  closed_at?: string | null;
  /** When it was found, or found again. */
  found_at: string;
  /** Its identifier. */
  id: string;
  /** What it is about there: a payment's reference, a reservation, or `balance`. */
  key: string;
  /** How both sides do not agree. */
  mismatch: "amount_differs" | "only_ours" | "only_theirs";
  /** What was found out, if it was resolved. */
  note?: string | null;
  /** What we have. */
  ours?: Money | null;
  /** True if it is open for more than a day. */
  overdue: boolean;
  /** How it stands. */
  status: "open" | "matched" | "resolved";
  /** What the provider has. */
  theirs?: Money | null;
}

/** What was found out. */
export interface FindingResolution {
  /** For whoever looks again. */
  note: string;
}

/** A payment, and whose it is. */
export interface FoundPayment {
  /** What the wallet gets. */
  amount: Money;
  /** What the gateway charges. */
  charged: Money;
  /** Where to pay; null until the gateway has answered. */
  checkout_url?: string | null;
  /** When it was made. */
  created_at: string;
  /** Until when the rate holds. */
  expires_at: string;
  /** Charged currency for one of the wallet's. */
  fx_rate: string;
  /** Its identifier. */
  id: string;
  /** Its name at the gateway. */
  reference: string;
  /** When the wallet got it, or when it was set aside. */
  settled_at?: string | null;
  /** Where it stands. */
  status: "pending" | "succeeded" | "failed" | "expired" | "suspense" | "refunded" | "partially_refunded" | "disputed";
  /** Whose. */
  user_id: string;
}

/** A user, as staff finds him. */
export interface FoundUser {
  /** When the user registered. */
  created_at: string;
  /** The address. */
  email: string;
  /** The identifier. */
  id: string;
  /** True if the password must be changed before anything else. */
  password_due: boolean;
  /** What the user may do. */
  role: "user" | "support" | "finance" | "operator" | "owner";
  /** How the user is. */
  status: "active" | "unverified" | "suspended";
  /** The last suspension that was not lifted, also if its time is over. */
  suspension?: Suspension | null;
  /** True if a second factor is on. */
  totp_enabled: boolean;
}

/** Something that happened around a user. */
export interface Happening {
  /** The money that it is about. */
  amount?: Money | null;
  /** When it happened. */
  at: string;
  /** Its place in the line, to go on after it. */
  id: string;
  /** What kind of thing happened. */
  kind: "order" | "payment" | "refund" | "entry" | "sign_in" | "audit";
  /** A word more: the service, the reference, the device, why. */
  note?: string | null;
  /** The record that it is about. */
  record: string;
  /** Where that stands now, or what was done. */
  status: string;
}

/** A reserved amount. */
export interface Hold {
  /** How much. */
  amount: Money;
  /** When it was placed. */
  created_at: string;
  /** When it ended. */
  ended_at?: string | null;
  /** Its identifier. */
  id: string;
  /** The verification that it pays for, or the refund that it is for. */
  reference: string;
  /** Where it stands. */
  status: "open" | "captured" | "released";
}

/** A user as Google knows him. */
export interface Identity {
  /** Who knows him. */
  issuer: string;
  /** Since when it signs him in. */
  linked_at: string;
  /** By which name. */
  subject?: string | null;
}

/** Why one item of a batch was refused. */
export interface ItemProblem {
  /** The kind, stable: what programs branch on. */
  code: string;
  /** This occurrence in words. Not for programs. */
  detail: string;
  /** Fields at fault, with status 422. */
  errors?: Array<FieldError> | null;
  /** The HTTP status that it would have alone. */
  status: number;
  /** The kind in words. */
  title: string;
  /** Names the kind of problem, and leads to its description. */
  type: string;
}

/** A job that is not done. */
export interface Job {
  /** How often it was taken. */
  attempts: number;
  /** Its identifier. */
  id: string;
  /** What kind of work it is. */
  kind: "send_mail" | "end_reservation" | "upkeep";
  /** Which kind of failure it has met: it is tried again, was refused for good, or has failed too often. Null if none. */
  last_error?: "failing" | "refused" | "exhausted" | null;
  /** Not before. */
  run_at: string;
  /** How it stands. */
  state: "waiting" | "in_work" | "buried" | "cancelled";
}

/** What staff has last said of a provider. */
export interface LastProviderSwitch {
  /** When. */
  at: string;
  /** By whom. */
  by: string;
  /** Why. */
  reason: string;
}

/** A payment that was set aside, in a list. */
export interface ListedSuspense {
  /** When. */
  at: string;
  /** What its owner got; null unless he did. */
  credited?: Money | null;
  /** What was really paid. */
  paid: Money;
  /** Which payment. */
  payment_id: string;
  /** Why it was set aside. */
  reason: "amount_differs" | "currency_differs" | "account_closed";
  /** The payment's name at the gateway. */
  reference: string;
  /** When it was resolved. */
  resolved_at?: string | null;
  /** How it stands. */
  status: "open" | "credited" | "returned";
  /** Its owner. */
  user_id: string;
}

/** A part of a list, newest first. There are no totals. */
export interface ListedAdjustment {
  /** The rows. */
  data: Array<Adjustment>;
  /** True if there is at least one row more. */
  has_more: boolean;
  /** Pass it as `after` to go on; null at the end. */
  next_cursor?: string | null;
}

/** A part of a list, newest first. There are no totals. */
export interface ListedAllowedNetwork {
  /** The rows. */
  data: Array<AllowedNetwork>;
  /** True if there is at least one row more. */
  has_more: boolean;
  /** Pass it as `after` to go on; null at the end. */
  next_cursor?: string | null;
}

/** A part of a list, newest first. There are no totals. */
export interface ListedApiKey {
  /** The rows. */
  data: Array<ApiKey>;
  /** True if there is at least one row more. */
  has_more: boolean;
  /** Pass it as `after` to go on; null at the end. */
  next_cursor?: string | null;
}

/** A part of a list, newest first. There are no totals. */
export interface ListedAuditEntry {
  /** The rows. */
  data: Array<AuditEntry>;
  /** True if there is at least one row more. */
  has_more: boolean;
  /** Pass it as `after` to go on; null at the end. */
  next_cursor?: string | null;
}

/** A part of a list, newest first. There are no totals. */
export interface ListedCannedAnswer {
  /** The rows. */
  data: Array<CannedAnswer>;
  /** True if there is at least one row more. */
  has_more: boolean;
  /** Pass it as `after` to go on; null at the end. */
  next_cursor?: string | null;
}

/** A part of a list, newest first. There are no totals. */
export interface ListedCountry {
  /** The rows. */
  data: Array<Country>;
  /** True if there is at least one row more. */
  has_more: boolean;
  /** Pass it as `after` to go on; null at the end. */
  next_cursor?: string | null;
}

/** A part of a list, newest first. There are no totals. */
export interface ListedEvent {
  /** The rows. */
  data: Array<Event>;
  /** True if there is at least one row more. */
  has_more: boolean;
  /** Pass it as `after` to go on; null at the end. */
  next_cursor?: string | null;
}

/** A part of a list, newest first. There are no totals. */
export interface ListedFoundPayment {
  /** The rows. */
  data: Array<FoundPayment>;
  /** True if there is at least one row more. */
  has_more: boolean;
  /** Pass it as `after` to go on; null at the end. */
  next_cursor?: string | null;
}

/** A part of a list, newest first. There are no totals. */
export interface ListedFoundUser {
  /** The rows. */
  data: Array<FoundUser>;
  /** True if there is at least one row more. */
  has_more: boolean;
  /** Pass it as `after` to go on; null at the end. */
  next_cursor?: string | null;
}

/** A part of a list, newest first. There are no totals. */
export interface ListedHappening {
  /** The rows. */
  data: Array<Happening>;
  /** True if there is at least one row more. */
  has_more: boolean;
  /** Pass it as `after` to go on; null at the end. */
  next_cursor?: string | null;
}

/** A part of a list, newest first. There are no totals. */
export interface ListedHold {
  /** The rows. */
  data: Array<Hold>;
  /** True if there is at least one row more. */
  has_more: boolean;
  /** Pass it as `after` to go on; null at the end. */
  next_cursor?: string | null;
}

/** A part of a list, newest first. There are no totals. */
export interface ListedJob {
  /** The rows. */
  data: Array<Job>;
  /** True if there is at least one row more. */
  has_more: boolean;
  /** Pass it as `after` to go on; null at the end. */
  next_cursor?: string | null;
}

/** A part of a list, newest first. There are no totals. */
export interface ListedListedSuspense {
  /** The rows. */
  data: Array<ListedSuspense>;
  /** True if there is at least one row more. */
  has_more: boolean;
  /** Pass it as `after` to go on; null at the end. */
  next_cursor?: string | null;
}

/** A part of a list, newest first. There are no totals. */
export interface ListedMessage {
  /** The rows. */
  data: Array<Message>;
  /** True if there is at least one row more. */
  has_more: boolean;
  /** Pass it as `after` to go on; null at the end. */
  next_cursor?: string | null;
}

/** A part of a list, newest first. There are no totals. */
export interface ListedNotification {
  /** The rows. */
  data: Array<Notification>;
  /** True if there is at least one row more. */
  has_more: boolean;
  /** Pass it as `after` to go on; null at the end. */
  next_cursor?: string | null;
}

/** A part of a list, newest first. There are no totals. */
export interface ListedOffer {
  /** The rows. */
  data: Array<Offer>;
  /** True if there is at least one row more. */
  has_more: boolean;
  /** Pass it as `after` to go on; null at the end. */
  next_cursor?: string | null;
}

/** A part of a list, newest first. There are no totals. */
export interface ListedOrder {
  /** The rows. */
  data: Array<Order>;
  /** True if there is at least one row more. */
  has_more: boolean;
  /** Pass it as `after` to go on; null at the end. */
  next_cursor?: string | null;
}

/** A part of a list, newest first. There are no totals. */
export interface ListedOrderStep {
  /** The rows. */
  data: Array<OrderStep>;
  /** True if there is at least one row more. */
  has_more: boolean;
  /** Pass it as `after` to go on; null at the end. */
  next_cursor?: string | null;
}

/** A part of a list, newest first. There are no totals. */
export interface ListedPayment {
  /** The rows. */
  data: Array<Payment>;
  /** True if there is at least one row more. */
  has_more: boolean;
  /** Pass it as `after` to go on; null at the end. */
  next_cursor?: string | null;
}

/** A part of a list, newest first. There are no totals. */
export interface ListedPricingRule {
  /** The rows. */
  data: Array<PricingRule>;
  /** True if there is at least one row more. */
  has_more: boolean;
  /** Pass it as `after` to go on; null at the end. */
  next_cursor?: string | null;
}

/** A part of a list, newest first. There are no totals. */
export interface ListedProvider {
  /** The rows. */
  data: Array<Provider>;
  /** True if there is at least one row more. */
  has_more: boolean;
  /** Pass it as `after` to go on; null at the end. */
  next_cursor?: string | null;
}

/** A part of a list, newest first. There are no totals. */
export interface ListedPurchase {
  /** The rows. */
  data: Array<Purchase>;
  /** True if there is at least one row more. */
  has_more: boolean;
  /** Pass it as `after` to go on; null at the end. */
  next_cursor?: string | null;
}

/** A part of a list, newest first. There are no totals. */
export interface ListedRefund {
  /** The rows. */
  data: Array<Refund>;
  /** True if there is at least one row more. */
  has_more: boolean;
  /** Pass it as `after` to go on; null at the end. */
  next_cursor?: string | null;
}

/** A part of a list, newest first. There are no totals. */
export interface ListedService {
  /** The rows. */
  data: Array<Service>;
  /** True if there is at least one row more. */
  has_more: boolean;
  /** Pass it as `after` to go on; null at the end. */
  next_cursor?: string | null;
}

/** A part of a list, newest first. There are no totals. */
export interface ListedServiceStanding {
  /** The rows. */
  data: Array<ServiceStanding>;
  /** True if there is at least one row more. */
  has_more: boolean;
  /** Pass it as `after` to go on; null at the end. */
  next_cursor?: string | null;
}

/** A part of a list, newest first. There are no totals. */
export interface ListedSession {
  /** The rows. */
  data: Array<Session>;
  /** True if there is at least one row more. */
  has_more: boolean;
  /** Pass it as `after` to go on; null at the end. */
  next_cursor?: string | null;
}

/** A part of a list, newest first. There are no totals. */
export interface ListedStaffMember {
  /** The rows. */
  data: Array<StaffMember>;
  /** True if there is at least one row more. */
  has_more: boolean;
  /** Pass it as `after` to go on; null at the end. */
  next_cursor?: string | null;
}

/** A part of a list, newest first. There are no totals. */
export interface ListedStaffTicket {
  /** The rows. */
  data: Array<StaffTicket>;
  /** True if there is at least one row more. */
  has_more: boolean;
  /** Pass it as `after` to go on; null at the end. */
  next_cursor?: string | null;
}

/** A part of a list, newest first. There are no totals. */
export interface ListedStaffTicketMessage {
  /** The rows. */
  data: Array<StaffTicketMessage>;
  /** True if there is at least one row more. */
  has_more: boolean;
  /** Pass it as `after` to go on; null at the end. */
  next_cursor?: string | null;
}

/** A part of a list, newest first. There are no totals. */
export interface ListedSuppressedAddress {
  /** The rows. */
  data: Array<SuppressedAddress>;
  /** True if there is at least one row more. */
  has_more: boolean;
  /** Pass it as `after` to go on; null at the end. */
  next_cursor?: string | null;
}

/** A part of a list, newest first. There are no totals. */
export interface ListedTicket {
  /** The rows. */
  data: Array<Ticket>;
  /** True if there is at least one row more. */
  has_more: boolean;
  /** Pass it as `after` to go on; null at the end. */
  next_cursor?: string | null;
}

/** A part of a list, newest first. There are no totals. */
export interface ListedTicketMessage {
  /** The rows. */
  data: Array<TicketMessage>;
  /** True if there is at least one row more. */
  has_more: boolean;
  /** Pass it as `after` to go on; null at the end. */
  next_cursor?: string | null;
}

/** A part of a list, newest first. There are no totals. */
export interface ListedUserWebhookEndpoint {
  /** The rows. */
  data: Array<UserWebhookEndpoint>;
  /** True if there is at least one row more. */
  has_more: boolean;
  /** Pass it as `after` to go on; null at the end. */
  next_cursor?: string | null;
}

/** A part of a list, newest first. There are no totals. */
export interface ListedVerification {
  /** The rows. */
  data: Array<Verification>;
  /** True if there is at least one row more. */
  has_more: boolean;
  /** Pass it as `after` to go on; null at the end. */
  next_cursor?: string | null;
}

/** A part of a list, newest first. There are no totals. */
export interface ListedWalletEntry {
  /** The rows. */
  data: Array<WalletEntry>;
  /** True if there is at least one row more. */
  has_more: boolean;
  /** Pass it as `after` to go on; null at the end. */
  next_cursor?: string | null;
}

/** A part of a list, newest first. There are no totals. */
export interface ListedWebhookDelivery {
  /** The rows. */
  data: Array<WebhookDelivery>;
  /** True if there is at least one row more. */
  has_more: boolean;
  /** Pass it as `after` to go on; null at the end. */
  next_cursor?: string | null;
}

/** A part of a list, newest first. There are no totals. */
export interface ListedWebhookEndpoint {
  /** The rows. */
  data: Array<WebhookEndpoint>;
  /** True if there is at least one row more. */
  has_more: boolean;
  /** Pass it as `after` to go on; null at the end. */
  next_cursor?: string | null;
}

/** The answer to a wish for a mail: the same for every address. */
export interface MailOnItsWay {
  /** What is sent, if the address is the right one for it. */
  status: "verification_sent" | "reset_sent";
}

/** A token that was mailed. */
export interface MailedToken {
  /** From the link in the mail. */
  token: string;
}

/** You, and who signs you in. */
export interface Me {
  /** When the user registered. */
  created_at: string;
  /** The address. */
  email: string;
  /** True once the address is proven. */
  email_verified: boolean;
  /** The identifier. */
  id: string;
  /** Google accounts that sign you in. */
  identities: Array<Identity>;
  /** What the user may do. */
  role: "user" | "support" | "finance" | "operator" | "owner";
  /** True if a second factor is on. */
  totp_enabled: boolean;
}

/** A text that arrived. */
export interface Message {
  /** The code in it. */
  code?: string | null;
  /** Who sent it, as the provider says; null past retention, as are text and code. */
  from?: string | null;
  /** Its identifier. */
  id: string;
  /** True if it came after the verification had expired; it is free. */
  late: boolean;
  /** When it came. */
  received_at: string;
  /** The text. */
  text?: string | null;
}

/** A sum. Debits are negative. */
export interface Money {
  /** At least the currency's digits after the point, at most six. */
  amount: string;
  /** ISO 4217. */
  currency: "USD" | "NGN" | "GHS" | "ZAR" | "KES" | "XOF" | "EGP" | "RWF";
}

/** Money of one currency that came in, or went back. */
export interface MoneyFlow {
  /** What it was worth to wallets. */
  amount: Money;
  /** What was paid, or given back. */
  charged: Money;
  /** How many. */
  count: number;
}

/** A new address, and what was mailed to it. */
export interface NewAddressProof {
  /** The new address, from the link in the mail. */
  email: string;
  /** From the link in the mail. */
  token: string;
}

/** A correction to make. */
export interface NewAdjustment {
  /** By how much. */
  amount: SignedWalletAmount;
  /** Why. */
  reason: string;
}

/** A network to enter. */
export interface NewAllowedNetwork {
  /** Which. The address that asks must be in it, or in another one of the list. */
  network: string;
  /** What it is. */
  note: string;
}

/** A key that was just made. */
export interface NewApiKey {
  /** The only addresses from which it may be used; none: anywhere. */
  allowed_ips: Array<string>;
  /** When it was made. */
  created_at: string;
  /** From when on it is void. */
  expires_at?: string | null;
  /** The identifier. */
  id: string;
  /** What you call it. */
  name: string;
  /** What the secret begins with. */
  prefix: string;
  /** What it may do. */
  scopes: Array<"wallet:read" | "wallet:write" | "verifications:read" | "verifications:write" | "webhooks:write">;
  /** Goes with every request, as `Authorization: Bearer`. It cannot be shown again. */
  secret: string;
}

/** Orders under one key. */
export interface NewBatch {
  /** The orders, each as for a single one: 1 to 50. */
  items: Array<NewVerification>;
  /** What the refusal of one does to the others. */
  mode: "all_or_nothing" | "best_effort";
}

/** What a canned answer is to be. */
export interface NewCannedAnswer {
  /** What it says. Plain text. */
  body: string;
  /** What it is for, in a line. */
  name: string;
}

/** A wish to add money. */
export interface NewPayment {
  /** What the wallet gets. */
  amount: WalletAmount;
  /** By which way. `crypto` is not offered yet. */
  provider: "paystack" | "crypto";
}

/** A rule to make. */
export interface NewPricingRule {
  /** For which country; for any without one. */
  country?: string | null;
  /** What a price is above the cost at least; nothing without one. */
  floor?: PriceFloor | null;
  /** What the cost is multiplied by, up to the cent. */
  multiplier: string;
  /** For which service; for any without one. */
  service?: string | null;
  /** From when on; now without one. */
  valid_from?: string | null;
}

/** What a number is wanted for. */
export interface NewQuote {
  /** A wish, which raises the price. */
  area_code?: string | null;
  /** How the code arrives; `sms` if not said. */
  capability?: "sms" | "voice" | null;
  /** A wish, which raises the price. */
  carrier?: string | null;
  /** From which country. */
  country: string;
  /** For which service. */
  service: string;
}

/** A wish to have money back where it came from. */
export interface NewRefund {
  /** How much leaves the wallet; all that may go back if it is missing. */
  amount?: WalletAmount | null;
}

/** What is wrong with a number. */
export interface NewReport {
  /** Why it was of no use. */
  reason: "number_used" | "no_code" | "wrong_code";
}

/** Somebody who becomes staff. */
export interface NewStaff {
  /** Where the link that sets a password is mailed to. */
  email: string;
  /** As what. */
  role: "support" | "finance" | "operator" | "owner";
}

/** A suspension to come. */
export interface NewSuspension {
  /** Why, for staff. */
  reason: string;
  /** Until when; until it is lifted if it is missing. */
  until?: string | null;
}

/** A ticket to open. */
export interface NewTicket {
  /** The first message. Plain text. */
  body: string;
  /** What it is about, in kind. */
  category: "verification" | "payment" | "account" | "other";
  /** Your payment that it is about. */
  payment_id?: string | null;
  /** What it is about, in a line. */
  subject: string;
  /** Your order that it is about. */
  verification_id?: string | null;
}

/** A message to write. */
export interface NewTicketMessage {
  /** Plain text. */
  body: string;
}

/** An order. Name a `quote_id` or a `max_price`. */
export interface NewVerification {
  /** A wish, which raises the price. */
  area_code?: string | null;
  /** How the code arrives; `sms` if not said. */
  capability?: "sms" | "voice" | null;
  /** A wish, which raises the price. */
  carrier?: string | null;
  /** From which country; `US` if not said. */
  country?: string | null;
  /** Today's price, if it is at most this. */
  max_price?: WalletAmount | null;
  /** Your own notes. */
  metadata?: Record<string, string> | null;
  /** The price that was promised. */
  quote_id?: string | null;
  /** For which service. */
  service: string;
}

/** All that you wish of the wallet. */
export interface NewWalletSettings {
  /** Below which available amount it counts as low; never if not said. */
  low_balance_threshold?: WalletAmount | null;
}

/** An endpoint to be. */
export interface NewWebhookEndpoint {
  /** Your note. */
  description?: string | null;
  /** What is posted; at least one, or `*`. */
  events: Array<"verification.requested" | "verification.waiting" | "verification.message" | "verification.completed" | "verification.cancelled" | "verification.expired" | "verification.failed" | "payment.succeeded" | "payment.failed" | "payment.suspense" | "payment.refunded" | "payment.disputed" | "wallet.low_balance" | "*">;
  /** Where events are posted to: https, port 443 or 8443, a host of the internet. */
  url: string;
}

/** Something that you are told. */
export interface Notification {
  /** When it happened. */
  created_at: string;
  /** Its identifier. */
  id: string;
  /** Of which kind. */
  kind: "new_sign_in" | "ticket_answered" | "low_balance" | "deposit_received" | "refund_made" | "number_expiring" | "ticket_opened" | "staff_alert";
  /** When you read it; null if you did not. */
  read_at?: string | null;
  /** The record that it is about, by its identifier, whose first letters tell what it is: a session, a ticket, a payment, a refund, a verification. Null if it is about your wallet. */
  subject?: string | null;
  /** What happened, in a line. */
  title: string;
}

/** By which ways you are told. */
export interface NotificationChannels {
  /** In `GET /notifications`. */
  in_app: boolean;
  /** By mail. */
  mail: boolean;
}

/** What you wish to be told, and by which ways. */
export interface NotificationSettings {
  /** A payment has arrived. */
  deposit_received: NotificationChannels;
  /** Less is available than the threshold in your wallet's settings. */
  low_balance: NotificationChannels;
  /** Somebody signed in from a device that was not seen before. Its mail cannot be switched off. */
  new_sign_in: NotificationChannels;
  /** A number has three minutes left and no code has come. Off at first. */
  number_expiring: NotificationChannels;
  /** Money went back to where you paid from. */
  refund_made: NotificationChannels;
  /** Something about money waits for a person. Of staff alone. */
  staff_alert?: NotificationChannels | null;
  /** Support has answered. */
  ticket_answered: NotificationChannels;
  /** A customer has opened a ticket. Of staff alone. */
  ticket_opened?: NotificationChannels | null;
}

/** A price and what is known about it. */
export interface Offer {
  /** How the code arrives. */
  capability: "sms" | "voice";
  /** From which country. */
  country: string;
  /** What is paid if a code comes. */
  price: Money;
  /** Over how many orders. */
  sample_size: number;
  /** For which service. */
  service: string;
  /** How many numbers there are, if the provider says. */
  stock?: number | null;
  /** How old that is, in seconds. */
  stock_age_s: number;
  /** Codes received for numbers sold, 0 to 1, over the last seven days; null without orders. */
  success_rate?: number | null;
  /** Median seconds from number to code; null without codes. */
  time_to_code_p50_s?: number | null;
}

/** What is offered now, and at which price it would be. */
export interface OfferPreview {
  /** How the code arrives. */
  capability: "sms" | "voice";
  /** What it costs us. */
  cost: Money;
  /** From which country. */
  country: string;
  /** What he would pay. */
  price_after: Money;
  /** What a user pays now. */
  price_before: Money;
  /** For which service. */
  service: string;
}

/** Open findings of one kind. */
export interface OpenFindings {
  /** Whose list. */
  book: "paystack" | "textverified";
  /** How many. */
  count: number;
  /** How both sides do not agree. */
  mismatch: "amount_differs" | "only_ours" | "only_theirs";
  /** When the oldest was found. */
  oldest_at: string;
  /** How many of them for more than a day. */
  overdue: number;
}

/** An order as staff sees it. */
export interface Order {
  /** 1, or one more than the order that it retries. */
  attempt: number;
  /** The batch that it came in. */
  batch_id?: string | null;
  /** From when on it may be cancelled. */
  cancel_allowed_at: string;
  /** When it was to end although its purchase was not known. */
  cancel_requested_at?: string | null;
  /** How the code arrives. */
  capability: "sms" | "voice";
  /** From which country. */
  country: string;
  /** When it was placed. */
  created_at: string;
  /** When it ended. */
  ended_at?: string | null;
  /** When its number ends. */
  expires_at?: string | null;
  /** Why no number was had. */
  failure?: string | null;
  /** Its identifier. */
  id: string;
  /** The last two digits of the number; null until there is one, and past retention. */
  phone_number?: string | null;
  /** What is paid if a code comes. */
  price: Money;
  /** What its user has against its number. */
  report?: OrderReport | null;
  /** The order that retries it. */
  retried_by?: string | null;
  /** The order that it retries. */
  retry_of?: string | null;
  /** For which service. */
  service: string;
  /** Where it stands. */
  status: "requested" | "waiting" | "completed" | "cancelled" | "expired" | "failed";
  /** How often it was given another number. */
  swaps: number;
  /** Whose. */
  user_id: string;
  /** Rises with every change. */
  version: number;
}

/** An order with its money and its attempts. */
export interface OrderDetail {
  /** What pays for it. */
  hold?: OrderHold | null;
  /** Its attempts at providers, oldest first. */
  purchases: Array<Purchase>;
  /** The order. */
  verification: Order;
}

/** Orders that were placed, by how they stand now. */
export interface OrderFigures {
  /** Cancelled. */
  cancelled: number;
  /** A code came. */
  completed: number;
  /** No code came in time. */
  expired: number;
  /** No number was had. */
  failed: number;
  /** Being bought. */
  requested: number;
  /** Completed ones among those that have ended; null if none has. */
  success_rate?: number | null;
  /** Waiting for a code. */
  waiting: number;
}

/** What pays for an order. */
export interface OrderHold {
  /** How much. */
  amount: Money;
  /** When it ended. */
  ended_at?: string | null;
  /** Its identifier. */
  id: string;
  /** When it was placed. */
  placed_at: string;
  /** Of this, from what the house gave. */
  promo: Money;
  /** Where it stands. */
  status: "open" | "captured" | "released";
  /** And from what was paid in. */
  wallet: Money;
}

/** What a user has against a number. */
export interface OrderReport {
  /** When it was told. */
  at: string;
  /** What. */
  reason: "number_used" | "no_code" | "wrong_code";
  /** True if the provider hears of it. */
  told: boolean;
}

/** A step of an order. */
export interface OrderStep {
  /** The money that it is about. */
  amount?: Money | null;
  /** When it was taken. */
  at: string;
  /** Of a text: whether there is a readable code in it; null once it is erased. */
  has_code?: boolean | null;
  /** What kind of step. */
  kind: "created" | "held" | "purchase_sent" | "purchase_bound" | "number_shown" | "purchase_absent" | "purchase_orphan" | "text_received" | "cancel_requested" | "swapped" | "retried" | "reported" | "ended" | "captured" | "released" | "cost_credited" | "cost_borne" | "cost_given_up" | "posted" | "audit";
  /** Of a text: whether it came after the order had expired. */
  late?: boolean | null;
  /** A word more: the state, the reason, the reservation, the accounts. */
  note?: string | null;
  /** Of a text: when it came, on the provider's clock. */
  received_at?: string | null;
  /** The record that it is about: an attempt, a hold, a message, another order, a line of the log, a source. */
  record?: string | null;
}

/** What was paid lately, and what would have been. */
export interface PaidPreview {
  /** What their numbers cost us. */
  cost: Money;
  /** Over how many days. */
  days: number;
  /** What would have been left. */
  margin_after: Money;
  /** What was left. */
  margin_before: Money;
  /** Orders within the scope that were paid for. */
  orders: number;
  /** What would have been. */
  revenue_after: Money;
  /** What was paid. */
  revenue_before: Money;
}

/** How a part does. */
export interface PartStatus {
  /** `orders`: accounts, orders, wallets. `numbers`: numbers and their texts. `payments`: adding money. */
  name: "orders" | "numbers" | "payments";
  /** How it does. */
  status: "operational" | "degraded" | "unknown" | "down";
}

/** A new password, by whoever is signed in. */
export interface PasswordChange {
  /** The present one. */
  current_password: string;
  /** The new one. */
  new_password: string;
}

/** A new password, with a token. */
export interface PasswordReset {
  /** The new password. */
  password: string;
  /** From the mail, or the `change_token` of a sign-in. */
  token: string;
}

/** A payment. */
export interface Payment {
  /** What the wallet gets. */
  amount: Money;
  /** What the gateway charges. */
  charged: Money;
  /** Where to pay; null until the gateway has answered. */
  checkout_url?: string | null;
  /** When it was made. */
  created_at: string;
  /** Until when the rate holds. */
  expires_at: string;
  /** Charged currency for one of the wallet's. */
  fx_rate: string;
  /** Its identifier. */
  id: string;
  /** Its name at the gateway. */
  reference: string;
  /** When the wallet got it, or when it was set aside. */
  settled_at?: string | null;
  /** Where it stands. */
  status: "pending" | "succeeded" | "failed" | "expired" | "suspense" | "refunded" | "partially_refunded" | "disputed";
}

/** One thing that happened about a payment. */
export interface PaymentEvidence {
  /** What staff did. Who it was, and from where, is in the log. */
  action?: "owner.created" | "staff.added" | "staff.role_changed" | "staff.removed" | "user.factor_reset" | "user.suspended" | "user.unsuspended" | "user.password_reset" | "user.sessions_ended" | "user.mail_allowed" | "user.webhook_switched_off" | "user.webhook_switched_on" | "movement.booked" | "adjustment.booked" | "adjustment.proposed" | "adjustment.approved" | "adjustment.rejected" | "ticket.answered" | "ticket.noted" | "ticket.status_changed" | "ticket.assigned" | "canned_answer.set" | "canned_answer.removed" | "suspense.resolved" | "payment.refunded" | "refund.settled" | "dispute.settled" | "promo.granted" | "promo.clawed_back" | "reconciliation.asked" | "finding.resolved" | "balance.accepted" | "job.retried" | "job.cancelled" | "export.taken" | "network.allowed" | "network.removed" | "verification.cancelled" | "verification.cancel_requested" | "service.blocked" | "service.unblocked" | "provider.switched_on" | "provider.switched_off" | "pricing_rule.added" | "pricing_rule.ended" | null;
  /** When. */
  at: string;
  /** What: `opened`, `succeeded`, `failed`, `expired`, `set_aside`, `resolved`, `refund_asked`, `refund_processed`, `refund_failed`, `dispute_opened`, `dispute_won`, `dispute_lost`, or `staff`. */
  kind: string;
  /** Why staff did it. */
  reason?: string | null;
  /** The refund or dispute that it is about, or the line of the log. */
  subject_id?: string | null;
}

/** A payment with everything about it. */
export interface PaymentFile {
  /** Its disputes, oldest first. */
  disputes: Array<Dispute>;
  /** What happened about it, oldest first. */
  evidence: Array<PaymentEvidence>;
  /** How many notices of the gateway name it. */
  notices: number;
  /** The payment. */
  payment: FoundPayment;
  /** Its refunds, oldest first. */
  refunds: Array<Refund>;
  /** What was set aside of it; null if nothing ever was. */
  suspense?: SuspendedPayment | null;
  /** What it moved, in the order of posting. */
  transfers: Array<Transfer>;
}

/** What a price is above the cost at least. */
export interface PriceFloor {
  /** A decimal string, 0 to 1000. */
  amount: string;
  /** The currency of wallets. */
  currency: "USD";
}

/** What a rule would do. */
export interface PricingPreview {
  /** To present offers of its scope: the first twenty by code. */
  offers: Array<OfferPreview>;
  /** To orders of its scope that were paid for. */
  paid: PaidPreview;
}

/** A rule to try. */
export interface PricingPreviewRequest {
  /** For which country; for any without one. */
  country?: string | null;
  /** How many days back orders are looked at: 1 to 90, 7 without one. */
  days?: number | null;
  /** What a price is above the cost at least; nothing without one. */
  floor?: PriceFloor | null;
  /** What the cost is multiplied by, up to the cent. */
  multiplier: string;
  /** For which service; for any without one. */
  service?: string | null;
}

/** A rule of prices. */
export interface PricingRule {
  /** For which country; null: for any. */
  country?: string | null;
  /** Who set its end. */
  ended_by?: string | null;
  /** Until when; null: until another one takes its place. */
  ends_at?: string | null;
  /** What a price is above the cost at least. */
  floor: Money;
  /** Its identifier. */
  id: string;
  /** When. */
  made_at: string;
  /** Who made it. */
  made_by: string;
  /** What the cost is multiplied by. */
  multiplier: string;
  /** For which service; null: for any. */
  service?: string | null;
  /** How it stands. */
  status: "scheduled" | "in_force" | "ended";
  /** From when on. */
  valid_from: string;
}

/** An error as the API answers it (RFC 9457). */
export interface Problem {
  /** With `password_change_required` alone: the token that sets a new password. */
  change_token?: string | null;
  /** The kind, stable: what programs branch on. */
  code: string;
  /** This occurrence in words. Not for programs. */
  detail: string;
  /** Fields at fault, with status 422. */
  errors?: Array<FieldError> | null;
  /** With a batch alone: the place of the item at fault, from 0. */
  index?: number | null;
  /** Quote it when you write to support. */
  request_id: string;
  /** The HTTP status. */
  status: number;
  /** The kind in words. */
  title: string;
  /** Names the kind of problem, and leads to its description. */
  type: string;
}

/** How the process is. */
export interface ProcessState {
  /** What was looked at. */
  parts: Array<string>;
  /** `alive` or `ready`. */
  status: "alive" | "ready";
}

/** A provider of numbers. */
export interface Provider {
  /** What is left there; null if it has never said. */
  balance?: ProviderBalance | null;
  /** The same by our books. */
  float: ProviderFloat;
  /** How it is doing. */
  health: ProviderHealth;
  /** Its name. */
  id: "textverified";
  /** What staff has last said of it; null if nobody has. */
  last_switch?: LastProviderSwitch | null;
  /** Whether new numbers are bought there. */
  switched: "on" | "off";
}

/** What is left of our balance at a provider. */
export interface ProviderBalance {
  /** How long ago it said so, in seconds. */
  age_s: number;
  /** As it says itself. */
  balance: Money;
}

/** The same by our own books. */
export interface ProviderFloat {
  /** What it may have given back besides. */
  awaited: Money;
  /** What was booked: top-ups, numbers, credits. */
  booked: Money;
  /** What purchases of unknown outcome may have cost besides. */
  in_flight: Money;
}

/** How a provider is doing, as this process sees it since its start. */
export interface ProviderHealth {
  /** Its clock minus ours, in milliseconds. */
  clock_skew_ms: number;
  /** Whether that is less than a minute ago. */
  poll_is_on_time?: boolean | null;
  /** When the last shared poll began that was complete; null if another process polls. */
  polled_at?: string | null;
  /** What was last wrong. */
  trouble?: ProviderTrouble | null;
  /** When it last answered as it should. */
  well_at?: string | null;
}

/** Why a provider is switched. */
export interface ProviderSwitch {
  /** Why. */
  reason: string;
}

/** What was last wrong with a provider. */
export interface ProviderTrouble {
  /** When. */
  at: string;
  /** What kind of thing. */
  kind: "unreachable" | "unknown_purchase" | "house_balance" | "account_limit" | "not_serving";
}

/** One attempt to buy a number, or a number that no attempt explains. */
export interface Purchase {
  /** Seconds since it was sent. */
  age_s: number;
  /** How the code arrives. */
  capability: "sms" | "voice";
  /** What the number cost. */
  cost?: Money | null;
  /** The most that it may cost. */
  cost_cap: Money;
  /** From which country. */
  country: string;
  /** Its identifier. */
  id: string;
  /** At which provider. */
  provider: string;
  /** Who bears the cost. */
  receivable?: "open" | "credited" | "costed" | "written_off" | null;
  /** The provider's own name of the number; null if there is none. */
  reservation?: string | null;
  /** When it was committed, to be sent at once. */
  sent_at: string;
  /** For which service. */
  service: string;
  /** When its outcome was known. */
  settled_at?: string | null;
  /** How it stands. */
  status: "sent" | "bound" | "absent" | "orphan";
  /** For whom. */
  user_id?: string | null;
  /** For which order; null for a number that no attempt explains. */
  verification_id?: string | null;
}

/** A promised price. */
export interface Quote {
  /** From when on it is void. */
  expires_at: string;
  /** Its identifier, for `quote_id`. */
  id: string;
  /** What is paid if a code comes. */
  price: Money;
}

/** How reconciliation stands. */
export interface Reconciliation {
  /** What is open, oldest first; a hundred at most. */
  items: Array<Finding>;
  /** What is open, by kind. */
  open: Array<OpenFindings>;
  /** The last twenty runs, newest first. */
  runs: Array<ReconciliationRun>;
}

/** A run. */
export interface ReconciliationRun {
  /** When it began. */
  began_at: string;
  /** When it ended. */
  ended_at: string;
  /** TextVerified's balance and our float. */
  float: Comparison;
  /** What is compared begins here. */
  from: string;
  /** Its identifier. */
  id: string;
  /** TextVerified's reservations and our purchases. */
  numbers: Comparison;
  /** Paystack's transactions and our payments. */
  payments: Comparison;
  /** And ends before this. */
  to: string;
}

/** What stands in for a lost device. */
export interface RecoveryCodes {
  /** Each works once, in the place of a one-time code. They cannot be shown again. */
  recovery_codes: Array<string>;
}

/** A refresh token. */
export interface Refresh {
  /** From the last sign-in or renewal. */
  refresh_token: string;
}

/** A refund of a payment. */
export interface Refund {
  /** What leaves the wallet. */
  amount: Money;
  /** What the payer is given back. */
  charged: Money;
  /** When it was asked for. */
  created_at: string;
  /** Its identifier. */
  id: string;
  /** Of which payment. */
  payment_id: string;
  /** When it was processed, or failed. */
  settled_at?: string | null;
  /** Where it stands. The money is held until it is processed, and back in the wallet if it has failed. */
  status: "pending" | "processed" | "failed";
}

/** An address and a new password. */
export interface Registration {
  /** Where a link is sent to. */
  email: string;
  /** At least 10 characters, not a common one, not one from a leak, not the address. */
  password: string;
}

/** A payment that was resolved. */
export interface ResolvedSuspense {
  /** When. */
  at: string;
  /** What its owner got; null unless he did. */
  credited?: Money | null;
  /** What is still to be given back at the gateway, and no more. Null if it was credited; and null while the gateway does not say what went back there: look before anything is sent. */
  left_to_return?: Money | null;
  /** What was really paid. */
  paid: Money;
  /** Which payment. */
  payment_id: string;
  /** Why it was set aside. */
  reason: "amount_differs" | "currency_differs" | "account_closed";
  /** When it was resolved. */
  resolved_at?: string | null;
  /** How it stands. */
  status: "open" | "credited" | "returned";
  /** Its owner. */
  user_id: string;
}

/** A one-time code. */
export interface SecondFactor {
  /** Of the user's device, or a recovery code. */
  totp_code: string;
}

/** A service that numbers are sold for. */
export interface Service {
  /** True if it is not sold now. */
  blocked: boolean;
  /** How codes can arrive. */
  capabilities: Array<"sms" | "voice">;
  /** Its code. */
  code: string;
  /** Its name. */
  name: string;
  /** The lowest price; null if it is not known now. */
  price_from?: Money | null;
}

/** Why a service is not to be sold. */
export interface ServiceBlock {
  /** Why. */
  reason: string;
}

/** How a service stands. */
export interface ServiceStanding {
  /** True if it is not sold. */
  blocked: boolean;
  /** Who says so; null if it is sold. */
  blocked_by?: "default" | "staff" | null;
  /** Its code. */
  code: string;
  /** When. */
  decided_at?: string | null;
  /** Who of staff has last decided on it; null if nobody has. */
  decided_by?: string | null;
  /** Why; null if it is sold. */
  reason?: string | null;
}

/** How a service did. */
export interface ServiceStatus {
  /** Over how many orders. */
  sample_size: number;
  /** Which. */
  service: string;
  /** Codes received for numbers given out, 0 to 1. */
  success_rate: number;
  /** Median seconds from number to code; null without codes. */
  time_to_code_p50_s?: number | null;
}

/** One sign-in on one device. */
export interface Session {
  /** When it began. */
  created_at: string;
  /** True for the one that asks. */
  current: boolean;
  /** What the client called itself. */
  device?: string | null;
  /** From when on it cannot be renewed. */
  expires_at: string;
  /** Its identifier. */
  id: string;
  /** The client's address. */
  ip?: string | null;
  /** How it is carried. */
  kind: "tokens" | "browser";
  /** When it was last renewed. */
  last_used_at: string;
}

/** One setting. */
export interface Setting {
  /** What it is for. */
  about: string;
  /** Its key. */
  key: string;
  /** For a secret, whether it is there; null for any other. */
  secret?: "set" | "not_set" | null;
  /** Its value; null if it has none, and for secrets. */
  value?: string | null;
}

/** What the process that answers runs with. */
export interface Settings {
  /** `sandbox`, `test` or `live`. */
  mode: string;
  /** Every setting. */
  settings: Array<Setting>;
  /** The version of the product. */
  version: string;
}

/** What somebody signs in with. */
export interface SignIn {
  /** The account's address. */
  email: string;
  /** Its password. */
  password: string;
  /** The one-time code, where a second factor is on. */
  totp_code?: string | null;
}

/** What a wallet gets; below zero if it loses. */
export interface SignedWalletAmount {
  /** A decimal string other than zero. Below zero: at most what is available. */
  amount: string;
  /** The currency of wallets. */
  currency: "USD";
}

/** Another role. */
export interface StaffChange {
  /** Which; `user` makes a customer of staff. */
  role: "user" | "support" | "finance" | "operator" | "owner";
}

/** Somebody who works here. */
export interface StaffMember {
  /** When the user was made. */
  created_at: string;
  /** The address. */
  email: string;
  /** The identifier. */
  id: string;
  /** True if the password must be set or changed before anything else. */
  password_due: boolean;
  /** As what. */
  role: "user" | "support" | "finance" | "operator" | "owner";
  /** True if a second factor is on; without one staff may do nothing. */
  totp_enabled: boolean;
}

/** What goes back, and why. */
export interface StaffRefund {
  /** How much leaves the wallet; all that may go back if it is missing. */
  amount?: WalletAmount | null;
  /** Why. */
  reason: string;
}

/** A ticket, as staff sees it. */
export interface StaffTicket {
  /** Who of staff looks after it. */
  assignee?: string | null;
  /** What it is about, in kind. */
  category: "verification" | "payment" | "account" | "other";
  /** When it was opened. */
  created_at: string;
  /** Its identifier. */
  id: string;
  /** The payment that it is about. */
  payment_id?: string | null;
  /** `open`: support's turn; `answered`: yours; `closed`: a new message opens it again. */
  status: "open" | "answered" | "closed";
  /** What it is about, in a line. */
  subject?: string | null;
  /** When something last happened. */
  updated_at: string;
  /** Whose. */
  user_id: string;
  /** The order that it is about. */
  verification_id?: string | null;
}

/** A message of a ticket, as staff sees it. */
export interface StaffTicketMessage {
  /** Who of staff; null for the user. */
  author_id?: string | null;
  /** What it says: plain text, to be escaped wherever it is shown. Null once the account is closed. */
  body?: string | null;
  /** When. */
  created_at: string;
  /** Who wrote it, and for whom. */
  from: "customer" | "staff" | "note";
  /** Its identifier. */
  id: string;
}

/** What came of a time, and what stands now. */
export interface Stats {
  /** When this was reckoned. */
  at: string;
  /** What numbers cost that were asked for then: those that earned their price, and those that were given up. */
  cost_of_numbers: Money;
  /** What users owe now. */
  debt: Money;
  /** Payments that were credited, by what was paid. */
  deposits: Array<MoneyFlow>;
  /** Our prepaid balance at providers now, as the journal says. */
  float: Money;
  /** The first instant of the time. */
  from: string;
  /** What is held now. */
  held: Money;
  /** Revenue less cost. */
  margin: Money;
  /** Payments that wait for a person now. */
  open_suspense: Array<WaitingMoney>;
  /** Orders that were placed. */
  orders: OrderFigures;
  /** What providers may still give back now. */
  receivable: Money;
  /** Refunds that were asked for then and have reached the customer, by what was given back. */
  refunds: Array<MoneyFlow>;
  /** Users who registered. */
  registrations: number;
  /** What completed ones of them earned, less what went back for reported ones. */
  revenue: Money;
  /** The first instant after it. */
  to: string;
}

/** How everything does. */
export interface Status {
  /** As it was at. */
  as_of: string;
  /** Services with fewer orders are left out. */
  least_sample_size: number;
  /** Each part. */
  parts: Array<PartStatus>;
  /** Services with orders enough, by code; none while `orders` is down. */
  services: Array<ServiceStatus>;
  /** The worst of the parts. */
  status: "operational" | "degraded" | "unknown" | "down";
  /** Orders that ended within so many hours are counted. */
  window_h: number;
}

/** A proof that it is still you: the password, or with a second factor a code. */
export interface StepUp {
  /** The present password; needed without a second factor. */
  password?: string | null;
  /** A one-time code; needed with a second factor. */
  totp_code?: string | null;
}

/** An address that gets no mail. */
export interface SuppressedAddress {
  /** The address, if it is a user's: of others only a digest is kept. */
  email?: string | null;
  /** The identifier of the suppression. */
  id: string;
  /** When it was refused last. */
  refused_at: string;
  /** The number of the mail server's answer. */
  reply: number;
  /** Whose address it is: by him it is allowed again. Null if it is nobody's, or was refused before this was kept. */
  user_id?: string | null;
}

/** A payment that was set aside. */
export interface SuspendedPayment {
  /** When. */
  at: string;
  /** What its owner got; null unless he did. */
  credited?: Money | null;
  /** What was really paid. */
  paid: Money;
  /** Which payment. */
  payment_id: string;
  /** Why it was set aside. */
  reason: "amount_differs" | "currency_differs" | "account_closed";
  /** When it was resolved. */
  resolved_at?: string | null;
  /** How it stands. */
  status: "open" | "credited" | "returned";
  /** Its owner. */
  user_id: string;
}

/** Where it is to go. */
export interface SuspenseResolution {
  /** `owner`: credited to the owner of the payment, at the rate in force. `source`: booked back to where it was paid from; somebody gives it back at the gateway. */
  to: "owner" | "source";
}

/** Why and how long a user may do nothing. */
export interface Suspension {
  /** Why. */
  reason: string;
  /** Since when. */
  since: string;
  /** Until when; null until it is lifted. */
  until?: string | null;
}

/** A ticket. */
export interface Ticket {
  /** What it is about, in kind. */
  category: "verification" | "payment" | "account" | "other";
  /** When it was opened. */
  created_at: string;
  /** Its identifier. */
  id: string;
  /** The payment that it is about. */
  payment_id?: string | null;
  /** `open`: support's turn; `answered`: yours; `closed`: a new message opens it again. */
  status: "open" | "answered" | "closed";
  /** What it is about, in a line. */
  subject?: string | null;
  /** When something last happened. */
  updated_at: string;
  /** The order that it is about. */
  verification_id?: string | null;
}

/** Who looks after a ticket. */
export interface TicketAssignment {
  /** Somebody who answers tickets, or `nobody`. */
  assignee: string;
}

/** A message of a ticket. */
export interface TicketMessage {
  /** What it says: plain text, to be escaped wherever it is shown. */
  body?: string | null;
  /** When. */
  created_at: string;
  /** Who wrote it. */
  from: "you" | "support";
  /** Its identifier. */
  id: string;
}

/** An answer. */
export interface TicketReply {
  /** Plain text. */
  body: string;
  /** True for a note that staff alone reads; false, or absent, for an answer. */
  internal?: boolean | null;
}

/** Whose turn it is. */
export interface TicketStatusChange {
  /** From now on. */
  status: "open" | "answered" | "closed";
}

/** A sign-in. */
export interface Tokens {
  /** Goes with every request, as `Authorization: Bearer`. */
  access_token: string;
  /** For how many seconds the access token is good. */
  expires_in: number;
  /** Brings the next tokens, once. */
  refresh_token: string;
  /** Always `Bearer`. */
  token_type: string;
  /** Who signed in. */
  user: User;
}

/** The first code of a second factor. */
export interface TotpConfirmation {
  /** What the authenticator app shows. */
  code: string;
}

/** A second factor that waits for its first code. */
export interface TotpEnrolment {
  /** The same with all that an app wants to know. */
  otpauth_url: string;
  /** That address as a QR code: an SVG document. */
  qr_svg: string;
  /** To type into an authenticator app: Base32. */
  secret: string;
}

/** What turns a second factor off. */
export interface TotpRemoval {
  /** A one-time code, or a recovery code. */
  code: string;
  /** The present password. */
  password: string;
}

/** A transfer of the journal. */
export interface Transfer {
  /** How much. */
  amount: Money;
  /** When. */
  at: string;
  /** The account that is credited. */
  credit: string;
  /** The account that is debited. */
  debit: string;
  /** Its place among those of one source. */
  leg: number;
  /** Why it exists; unique with `leg`. */
  source: string;
}

/** Somebody. */
export interface User {
  /** When the user registered. */
  created_at: string;
  /** The address. */
  email: string;
  /** True once the address is proven. */
  email_verified: boolean;
  /** The identifier. */
  id: string;
  /** What the user may do. */
  role: "user" | "support" | "finance" | "operator" | "owner";
  /** True if a second factor is on. */
  totp_enabled: boolean;
}

/** What of you is to change. */
export interface UserChange {
  /** The new address. It takes effect once it is proven. */
  email: string;
}

/** A user, with what staff wants to know first. */
export interface UserDetail {
  /** Google accounts that sign him in, newest first. */
  identities: Array<UserIdentity>;
  /** The money. */
  money: UserMoney;
  /** The ten newest payments. */
  payments: Array<Payment>;
  /** Open sessions, newest first. */
  sessions: Array<UserSession>;
  /** The user. */
  user: FoundUser;
}

/** A Google account that signs in a user. Which one it is, is none of staff's business. */
export interface UserIdentity {
  /** Who knows him. */
  issuer: string;
  /** Since when it signs him in. */
  linked_at: string;
}

/** Whether a user's address gets mail. */
export interface UserMail {
  /** When staff allowed it again. */
  allowed_at?: string | null;
  /** When it was refused last; null if it never was. */
  refused_at?: string | null;
  /** The number of the mail server's answer. */
  reply?: number | null;
  /** True if nothing is sent to it: a mail server has said that there is no such mailbox. */
  suppressed: boolean;
}

/** What a user has, holds and owes. */
export interface UserMoney {
  /** Owed. */
  debt: Money;
  /** How many disputes are open. */
  open_disputes: number;
  /** How many orders are open. */
  open_orders: number;
  /** Given by the house, posted. */
  promo: Money;
  /** Posted and not held, in the wallet alone. */
  wallet_available: Money;
  /** Held for open orders and refunds, in the wallet alone. */
  wallet_held: Money;
}

/** A sign-in of a user. */
export interface UserSession {
  /** When it began. */
  created_at: string;
  /** What the client called itself. */
  device?: string | null;
  /** The client's address. */
  ip?: string | null;
  /** How it is carried. */
  kind: "tokens" | "browser";
  /** When it was last renewed. */
  last_used_at: string;
}

/** An endpoint of a user. Of its URL staff sees the host alone: the rest may hold secrets. */
export interface UserWebhookEndpoint {
  /** When it was made. */
  created_at: string;
  /** Since when not. */
  disabled_at?: string | null;
  /** Why not: as its user is told. */
  disabled_reason?: "switched_off" | "failing" | "gone" | "recovered" | "by_staff" | null;
  /** False: nothing is posted. */
  enabled: boolean;
  /** What is posted. */
  events: Array<string>;
  /** Since when it has taken nothing; null while it does. */
  failing_since?: string | null;
  /** Where events are posted to: the host of the URL. */
  host?: string | null;
  /** The identifier. */
  id: string;
  /** When it was last changed. */
  updated_at: string;
  /** Whose it is. */
  user_id: string;
}

/** An order for one code. */
export interface Verification {
  /** 1, or one more than the one that it retries. */
  attempt: number;
  /** The batch that it came in. */
  batch_id?: string | null;
  /** True if cancelling is possible now. */
  can_cancel: boolean;
  /** True if retrying is possible now. */
  can_retry: boolean;
  /** True if another number can be had now. */
  can_swap: boolean;
  /** From when on it may be cancelled. */
  cancel_allowed_at: string;
  /** True once you have asked to cancel. */
  cancel_requested: boolean;
  /** How the code arrives. */
  capability: "sms" | "voice";
  /** When its code was taken in. */
  completed_at?: string | null;
  /** From which country. */
  country: string;
  /** When it was placed. */
  created_at: string;
  /** When it ends; null until the number is bought. */
  expires_at?: string | null;
  /** Why no number was had. */
  failure?: Failure | null;
  /** Its identifier. */
  id: string;
  /** Texts, oldest first. */
  messages: Array<Message>;
  /** Your own notes. */
  metadata?: Record<string, string> | null;
  /** The number in E.164; null until it is bought, while another one is being bought, and past retention. */
  phone_number?: string | null;
  /** What is paid if a code comes. */
  price: Money;
  /** True once you have reported the number. */
  reported: boolean;
  /** The one that it retries. */
  retry_of?: string | null;
  /** Our clock, to reckon `expires_at` by. */
  server_time: string;
  /** For which service. */
  service: string;
  /** Where it stands. */
  status: "requested" | "waiting" | "completed" | "cancelled" | "expired" | "failed";
  /** Rises with every change. */
  version: number;
}

/** Payments of one currency that wait for a person. */
export interface WaitingMoney {
  /** How many. */
  count: number;
  /** What was paid. */
  paid: Money;
}

/** What a user has, holds and owes. */
export interface Wallet {
  /** What may be spent now, given money included. */
  available: Money;
  /** What is owed. */
  debt: Money;
  /** What open orders reserve. */
  held: Money;
  /** The part of the total that the house gave. */
  promo: Money;
  /** available + held. */
  total: Money;
}

/** A sum that a client names. */
export interface WalletAmount {
  /** A decimal string above zero. */
  amount: string;
  /** The currency of wallets. */
  currency: "USD";
}

/** A posted movement. */
export interface WalletEntry {
  /** Debits are negative. */
  amount: Money;
  /** The posted total after it. */
  balance_after: Money;
  /** When it was posted. */
  created_at: string;
  /** In words. */
  description: string;
  /** Its identifier. */
  id: string;
  /** What it means. */
  kind: "deposit" | "purchase" | "refund" | "adjustment" | "promo" | "chargeback" | "debt_repayment";
  /** What it goes back to: a payment's reference, or a hold. */
  reference: string;
}

/** What you wish of the wallet. */
export interface WalletSettings {
  /** Below which available amount it counts as low; null: never. */
  low_balance_threshold?: Money | null;
}

/** A try of a delivery. */
export interface WebhookAttempt {
  /** When it began. */
  at: string;
  /** How long it took, in milliseconds. */
  latency_ms: number;
  /** The how-manieth of its delivery. */
  number: number;
  /** `delivered` (2xx), `refused` (any other status), `timed_out`, `not_reached` or `broken`. */
  outcome: string;
  /** The status of the answer, if there was one. */
  status_code?: number | null;
}

/** An event on its way to an endpoint. */
export interface WebhookDelivery {
  /** All tries that ever were. */
  attempt_count: number;
  /** The last 16 of them, oldest first. */
  attempts: Array<WebhookAttempt>;
  /** When it was made. */
  created_at: string;
  /** When it ended. */
  ended_at?: string | null;
  /** To which endpoint. */
  endpoint_id: string;
  /** Which event: `webhook-id`. */
  event_id: string;
  /** Its type. */
  event_type: string;
  /** The identifier. */
  id: string;
  /** When it is tried next, while it waits. */
  next_attempt_at?: string | null;
  /** Its place in the log; null if it is only a try. */
  sequence?: number | null;
  /** `waiting`, `delivered`, `failed` after the last try, or `dropped` since the endpoint was off. */
  status: "waiting" | "delivered" | "failed" | "dropped";
}

/** An endpoint. */
export interface WebhookEndpoint {
  /** When it was made. */
  created_at: string;
  /** Your note. */
  description?: string | null;
  /** Since when not. */
  disabled_at?: string | null;
  /** Why not: you `switched_off`, it was `failing` for five days, it answered that it is `gone` (410), the account was `recovered` by a mailed link, or it is off `by_staff`, who alone switches it on. */
  disabled_reason?: "switched_off" | "failing" | "gone" | "recovered" | "by_staff" | null;
  /** False: nothing is posted. */
  enabled: boolean;
  /** What is posted. */
  events: Array<string>;
  /** Since when it has taken nothing; null while it does. */
  failing_since?: string | null;
  /** The identifier. */
  id: string;
  /** Until when deliveries are signed with the secret before the present one, too. */
  previous_secret_expires_at?: string | null;
  /** When it was last changed. */
  updated_at: string;
  /** Where events are posted to. */
  url: string;
}

/** What of an endpoint is to change; what is left out stays. */
export interface WebhookEndpointChange {
  /** Your note; null, or an empty text, takes it away. */
  description?: string | null;
  /** Switches it on or off. Switched on, it is tried as if it had never failed. */
  enabled?: boolean | null;
  /** What is posted. */
  events?: Array<"verification.requested" | "verification.waiting" | "verification.message" | "verification.completed" | "verification.cancelled" | "verification.expired" | "verification.failed" | "payment.succeeded" | "payment.failed" | "payment.suspense" | "payment.refunded" | "payment.disputed" | "wallet.low_balance" | "*"> | null;
  /** Where events are posted to. */
  url?: string | null;
}

/** Why nothing is to be posted to an endpoint. */
export interface WebhookEndpointSwitchOff {
  /** Why, for staff. */
  reason: string;
}

/** An endpoint with the secret that it just got. */
export interface WebhookEndpointWithSecret {
  /** When it was made. */
  created_at: string;
  /** Your note. */
  description?: string | null;
  /** False: nothing is posted. */
  enabled: boolean;
  /** What is posted. */
  events: Array<string>;
  /** The identifier. */
  id: string;
  /** Until when deliveries are signed with the secret before this one, too. */
  previous_secret_expires_at?: string | null;
  /** Check signatures with it, by Standard Webhooks. It cannot be shown again. */
  secret: string;
  /** Where events are posted to. */
  url: string;
}

/** From when on everything is sent again. */
export interface WebhookReplay {
  /** What happened at this instant or after. */
  since: string;
}

/** What a replay came to. */
export interface WebhookReplayed {
  /** Events that are sent again, or for the first time. */
  count: number;
  /** If there are more: `since` of the next request. */
  next_since?: string | null;
}

/** What each call is given, and what it answers. */
export interface Operations {
  /** Corrections */
  list_adjustments: { given: { query?: { state?: "proposed" | "expired" | "booked" | "rejected"; user?: string; limit?: number; after?: string } }; answer: ListedAdjustment };
  /** One correction */
  get_adjustment: { given: { path: { id: string } }; answer: Adjustment };
  /** Approve a correction */
  approve_adjustment: { given: { path: { id: string } }; answer: Adjustment };
  /** Reject a correction */
  reject_adjustment: { given: { path: { id: string }; body: AdjustmentRejection }; answer: Adjustment };
  /** What staff did */
  list_audit_log: { given: { query?: { actor?: string; action?: "owner.created" | "staff.added" | "staff.role_changed" | "staff.removed" | "user.factor_reset" | "user.suspended" | "user.unsuspended" | "user.password_reset" | "user.sessions_ended" | "user.mail_allowed" | "user.webhook_switched_off" | "user.webhook_switched_on" | "movement.booked" | "adjustment.booked" | "adjustment.proposed" | "adjustment.approved" | "adjustment.rejected" | "ticket.answered" | "ticket.noted" | "ticket.status_changed" | "ticket.assigned" | "canned_answer.set" | "canned_answer.removed" | "suspense.resolved" | "payment.refunded" | "refund.settled" | "dispute.settled" | "promo.granted" | "promo.clawed_back" | "reconciliation.asked" | "finding.resolved" | "balance.accepted" | "job.retried" | "job.cancelled" | "export.taken" | "network.allowed" | "network.removed" | "verification.cancelled" | "verification.cancel_requested" | "service.blocked" | "service.unblocked" | "provider.switched_on" | "provider.switched_off" | "pricing_rule.added" | "pricing_rule.ended"; subject?: string; from?: string; to?: string; limit?: number; after?: string } }; answer: ListedAuditEntry };
  /** Is the log whole? */
  verify_audit_log: { given: {}; answer: AuditLogVerification };
  /** What support says often */
  list_canned_answers: { given: {}; answer: ListedCannedAnswer };
  /** Add a canned answer */
  add_canned_answer: { given: { body: NewCannedAnswer }; answer: CannedAnswer };
  /** Change a canned answer */
  change_canned_answer: { given: { path: { id: string }; body: NewCannedAnswer }; answer: CannedAnswer };
  /** Take a canned answer out of use */
  remove_canned_answer: { given: { path: { id: string } }; answer: void };
  /** Movements of wallets within a time, as CSV */
  export_entries: { given: { query: { from: string; to: string } }; answer: string };
  /** Users who registered within a time, as CSV */
  export_users: { given: { query: { from: string; to: string } }; answer: string };
  /** Orders that were placed within a time, as CSV */
  export_verifications: { given: { query: { from: string; to: string } }; answer: string };
  /** From where staff may come */
  list_allowed_networks: { given: {}; answer: ListedAllowedNetwork };
  /** Enter a network */
  allow_network: { given: { body: NewAllowedNetwork }; answer: AllowedNetwork };
  /** Remove a network */
  remove_network: { given: { query: { network: string } }; answer: void };
  /** Jobs that are not done */
  list_jobs: { given: { query?: { state?: "waiting" | "in_work" | "buried" | "cancelled"; kind?: "send_mail" | "end_reservation" | "upkeep"; limit?: number; after?: string } }; answer: ListedJob };
  /** Cancel a job */
  cancel_job: { given: { path: { id: string } }; answer: Job };
  /** Run a job again */
  retry_job: { given: { path: { id: string } }; answer: Job };
  /** Payments */
  list_all_payments: { given: { query?: { status?: "pending" | "succeeded" | "failed" | "expired" | "suspense" | "refunded" | "partially_refunded" | "disputed"; user?: string; reference?: string; limit?: number; after?: string } }; answer: ListedFoundPayment };
  /** One payment, with everything about it */
  get_payment_file: { given: { path: { id: string } }; answer: PaymentFile };
  /** Give a payment back */
  refund_payment_by_staff: { given: { path: { id: string }; key: string; body: StaffRefund }; answer: Refund };
  /** Ask the gateway now */
  sync_any_payment: { given: { path: { id: string } }; answer: FoundPayment };
  /** Rules of prices, over or not */
  list_pricing_rules: { given: { query?: { limit?: number; after?: string } }; answer: ListedPricingRule };
  /** Make a rule */
  add_pricing_rule: { given: { body: NewPricingRule }; answer: PricingRule };
  /** What a rule would do */
  preview_pricing_rule: { given: { body: PricingPreviewRequest }; answer: PricingPreview };
  /** One rule */
  get_pricing_rule: { given: { path: { id: string } }; answer: PricingRule };
  /** End a rule */
  end_pricing_rule: { given: { path: { id: string } }; answer: PricingRule };
  /** Providers of numbers */
  list_providers: { given: {}; answer: ListedProvider };
  /** Switch a provider off */
  switch_provider_off: { given: { path: { id: "textverified" }; body: ProviderSwitch }; answer: void };
  /** Switch a provider on */
  switch_provider_on: { given: { path: { id: "textverified" }; body: ProviderSwitch }; answer: void };
  /** Attempts to buy numbers */
  list_purchases: { given: { query?: { state?: "sent" | "bound" | "absent" | "orphan"; limit?: number; after?: string } }; answer: ListedPurchase };
  /** How providers' lists and our books stand to each other */
  get_reconciliation: { given: {}; answer: Reconciliation };
  /** Close a finding by hand */
  resolve_finding: { given: { path: { id: string }; body: FindingResolution }; answer: Finding };
  /** Compare now */
  run_reconciliation: { given: {}; answer: ReconciliationRun };
  /** How services stand, by code */
  list_service_standings: { given: { query?: { status?: "blocked" | "sold"; limit?: number; after?: string } }; answer: ListedServiceStanding };
  /** Block a service */
  block_service: { given: { path: { code: string }; body: ServiceBlock }; answer: ServiceStanding };
  /** Unblock a service */
  unblock_service: { given: { path: { code: string } }; answer: ServiceStanding };
  /** What is configured */
  get_settings: { given: {}; answer: Settings };
  /** Who is staff */
  list_staff: { given: {}; answer: ListedStaffMember };
  /** Make somebody staff */
  add_staff: { given: { body: NewStaff }; answer: StaffMember };
  /** Give staff another role */
  change_staff: { given: { path: { id: string }; body: StaffChange }; answer: StaffMember };
  /** Make a customer of staff */
  remove_staff: { given: { path: { id: string } }; answer: void };
  /** Figures */
  get_stats: { given: { query: { from: string; to: string } }; answer: Stats };
  /** Addresses that get no mail */
  list_suppressions: { given: { query?: { limit?: number; after?: string } }; answer: ListedSuppressedAddress };
  /** Payments in suspense */
  list_suspense: { given: { query?: { state?: "open" | "credited" | "returned"; limit?: number; after?: string } }; answer: ListedListedSuspense };
  /** Resolve a payment in suspense */
  resolve_suspense: { given: { path: { id: string }; key: string; body: SuspenseResolution }; answer: ResolvedSuspense };
  /** Tickets */
  list_all_tickets: { given: { query?: { status?: "open" | "answered" | "closed"; category?: "verification" | "payment" | "account" | "other"; assignee?: string; user?: string; limit?: number; after?: string } }; answer: ListedStaffTicket };
  /** One ticket */
  get_any_ticket: { given: { path: { id: string } }; answer: StaffTicket };
  /** Give it to somebody */
  assign_ticket: { given: { path: { id: string }; body: TicketAssignment }; answer: StaffTicket };
  /** What was written, notes included */
  list_any_ticket_messages: { given: { path: { id: string }; query?: { limit?: number; after?: string } }; answer: ListedStaffTicketMessage };
  /** Every step of the order that a ticket is about, oldest first */
  get_ticket_order: { given: { path: { id: string } }; answer: ListedOrderStep };
  /** Answer, or leave a note */
  reply_to_ticket: { given: { path: { id: string }; body: TicketReply }; answer: StaffTicket };
  /** Say whose turn it is */
  set_ticket_status: { given: { path: { id: string }; body: TicketStatusChange }; answer: StaffTicket };
  /** Find users */
  list_users: { given: { query?: { q?: string; status?: "active" | "unverified" | "suspended"; role?: "user" | "support" | "finance" | "operator" | "owner"; limit?: number; after?: string } }; answer: ListedFoundUser };
  /** One user */
  get_user: { given: { path: { id: string } }; answer: UserDetail };
  /** Correct a wallet */
  adjust_wallet: { given: { path: { id: string }; key: string; body: NewAdjustment }; answer: Adjustment };
  /** End all sessions of a user */
  end_user_sessions: { given: { path: { id: string } }; answer: void };
  /** Make a user choose a new password */
  reset_user: { given: { path: { id: string } }; answer: void };
  /** Does a user's address get mail? */
  get_user_mail: { given: { path: { id: string } }; answer: UserMail };
  /** Let a user's address get mail again */
  allow_user_mail: { given: { path: { id: string } }; answer: UserMail };
  /** Suspend a user */
  suspend_user: { given: { path: { id: string }; body: NewSuspension }; answer: FoundUser };
  /** What happened around a user */
  get_user_timeline: { given: { path: { id: string }; query?: { limit?: number; after?: string } }; answer: ListedHappening };
  /** Lift a suspension */
  unsuspend_user: { given: { path: { id: string } }; answer: FoundUser };
  /** A user's webhook endpoints */
  list_user_webhook_endpoints: { given: { path: { id: string } }; answer: ListedUserWebhookEndpoint };
  /** Orders of everybody */
  list_orders: { given: { query?: { status?: "requested" | "waiting" | "completed" | "cancelled" | "expired" | "failed"; service?: string; user?: string; limit?: number; after?: string } }; answer: ListedOrder };
  /** One order, with its money and its attempts at providers */
  get_order: { given: { path: { id: string } }; answer: OrderDetail };
  /** Cancel an order */
  cancel_order: { given: { path: { id: string } }; answer: Order };
  /** Every step of an order, oldest first */
  get_order_timeline: { given: { path: { id: string } }; answer: ListedOrderStep };
  /** Switch a webhook endpoint off */
  switch_webhook_endpoint_off: { given: { path: { id: string }; body: WebhookEndpointSwitchOff }; answer: UserWebhookEndpoint };
  /** Switch a webhook endpoint on again */
  switch_webhook_endpoint_on: { given: { path: { id: string } }; answer: UserWebhookEndpoint };
  /** Your API keys */
  list_api_keys: { given: {}; answer: ListedApiKey };
  /** Make an API key */
  create_api_key: { given: { body: ApiKeyWish }; answer: NewApiKey };
  /** Delete an API key */
  delete_api_key: { given: { path: { id: string } }; answer: void };
  /** What goes with a browser's changes */
  get_csrf_token: { given: {}; answer: CsrfToken };
  /** Prove a new address */
  confirm_email: { given: { body: NewAddressProof }; answer: void };
  /** Let Google not sign you in any more */
  unlink_google: { given: {}; answer: void };
  /** Let Google sign you in */
  link_google: { given: {}; answer: Authorization };
  /** Finish with a one-time code */
  finish_google: { given: { body: SecondFactor }; answer: BrowserSession };
  /** Sign in */
  login: { given: { body: SignIn }; answer: Tokens };
  /** Sign out */
  logout: { given: {}; answer: void };
  /** Sign out everywhere */
  logout_all: { given: {}; answer: void };
  /** Change your password */
  change_password: { given: { body: PasswordChange }; answer: void };
  /** Ask for a link that sets a new password */
  forgot_password: { given: { body: Address }; answer: MailOnItsWay };
  /** Set a new password with a token */
  reset_password: { given: { body: PasswordReset }; answer: void };
  /** Renew a sign-in */
  refresh: { given: { body: Refresh }; answer: Tokens };
  /** Register */
  register: { given: { body: Registration }; answer: MailOnItsWay };
  /** Ask for the link again */
  resend_verification: { given: { body: Address }; answer: MailOnItsWay };
  /** Sign in with a browser */
  open_browser_session: { given: { body: SignIn }; answer: BrowserSession };
  /** Sign a browser out */
  close_browser_session: { given: {}; answer: void };
  /** Your sign-ins */
  list_sessions: { given: {}; answer: ListedSession };
  /** End a sign-in */
  end_session: { given: { path: { id: string } }; answer: void };
  /** Prove again that it is you */
  step_up: { given: { body: StepUp }; answer: Elevation };
  /** Turn the second factor on */
  confirm_totp: { given: { body: TotpConfirmation }; answer: RecoveryCodes };
  /** Turn the second factor off */
  disable_totp: { given: { body: TotpRemoval }; answer: void };
  /** Begin a second factor */
  enroll_totp: { given: {}; answer: TotpEnrolment };
  /** Prove an address */
  verify_email: { given: { body: MailedToken }; answer: void };
  /** Countries that numbers are sold from */
  list_countries: { given: {}; answer: ListedCountry };
  /** What has happened to your orders and payments */
  list_events: { given: { query?: { limit?: number; after?: number } }; answer: ListedEvent };
  /** Paystack tells of a payment */
  hook_paystack: { given: { body: unknown }; answer: void };
  /** TextVerified tells of a text */
  hook_textverified: { given: { body: unknown }; answer: void };
  /** You */
  get_me: { given: {}; answer: Me };
  /** Change your address */
  change_me: { given: { body: UserChange }; answer: MailOnItsWay };
  /** Close your account */
  delete_me: { given: {}; answer: void };
  /** Everything that is kept about you */
  export_me: { given: {}; answer: unknown };
  /** What you are told */
  list_notifications: { given: { query?: { unread?: boolean; limit?: number; after?: string } }; answer: ListedNotification };
  /** What you wish to be told */
  get_notification_settings: { given: {}; answer: NotificationSettings };
  /** Change what you wish to be told */
  put_notification_settings: { given: { body: NotificationSettings }; answer: NotificationSettings };
  /** You have read it */
  read_notification: { given: { path: { id: string } }; answer: Notification };
  /** Your payments */
  list_payments: { given: { query?: { limit?: number; after?: string } }; answer: ListedPayment };
  /** Add money */
  open_payment: { given: { key: string; body: NewPayment }; answer: Payment };
  /** One payment */
  get_payment: { given: { path: { id: string } }; answer: Payment };
  /** Have money back where it came from */
  refund_payment: { given: { path: { id: string }; key: string; body: NewRefund }; answer: Refund };
  /** Refunds of a payment */
  list_refunds: { given: { path: { id: string }; query?: { limit?: number; after?: string } }; answer: ListedRefund };
  /** Ask the gateway now */
  sync_payment: { given: { path: { id: string } }; answer: Payment };
  /** Prices, with stock and experience */
  list_prices: { given: { query?: { country?: string; service?: string; limit?: number; after?: string } }; answer: ListedOffer };
  /** Ask for a price */
  create_quote: { given: { body: NewQuote }; answer: Quote };
  /** One quote */
  get_quote: { given: { path: { id: string } }; answer: Quote };
  /** Services that numbers are sold for, by code */
  list_services: { given: { query?: { country?: string; capability?: "sms" | "voice"; q?: string; limit?: number; after?: string } }; answer: ListedService };
  /** Your tickets */
  list_tickets: { given: { query?: { status?: "open" | "answered" | "closed"; limit?: number; after?: string } }; answer: ListedTicket };
  /** Ask support */
  open_ticket: { given: { body: NewTicket }; answer: Ticket };
  /** One of your tickets */
  get_ticket: { given: { path: { id: string } }; answer: Ticket };
  /** What was written */
  list_ticket_messages: { given: { path: { id: string }; query?: { limit?: number; after?: string } }; answer: ListedTicketMessage };
  /** Write to support */
  write_ticket_message: { given: { path: { id: string }; body: NewTicketMessage }; answer: TicketMessage };
  /** Your orders */
  list_verifications: { given: { query?: { status?: "requested" | "waiting" | "completed" | "cancelled" | "expired" | "failed"; service?: string; limit?: number; after?: string } }; answer: ListedVerification };
  /** Order a number */
  create_verification: { given: { key: string; body: NewVerification }; answer: Verification };
  /** Order several numbers */
  create_batch: { given: { key: string; body: NewBatch }; answer: Batch };
  /** One batch */
  get_batch: { given: { path: { id: string } }; answer: BatchProgress };
  /** One order */
  get_verification: { given: { path: { id: string }; query?: { wait?: number; version?: number } }; answer: Verification };
  /** Cancel an order */
  cancel_verification: { given: { path: { id: string } }; answer: Verification };
  /** The texts of an order */
  list_messages: { given: { path: { id: string } }; answer: ListedMessage };
  /** Report a number */
  report_verification: { given: { path: { id: string }; body: NewReport }; answer: Verification };
  /** Try again */
  retry_verification: { given: { path: { id: string }; key: string }; answer: Verification };
  /** Ask for another number */
  swap_verification: { given: { path: { id: string }; key: string }; answer: Verification };
  /** What you have, hold and owe */
  get_wallet: { given: {}; answer: Wallet };
  /** Posted movements */
  list_wallet_entries: { given: { query?: { limit?: number; after?: string } }; answer: ListedWalletEntry };
  /** Reserved amounts */
  list_wallet_holds: { given: { query?: { limit?: number; after?: string } }; answer: ListedHold };
  /** What you wish of it */
  get_wallet_settings: { given: {}; answer: WalletSettings };
  /** Change what you wish of it */
  put_wallet_settings: { given: { body: NewWalletSettings }; answer: WalletSettings };
  /** Every movement of a time, as CSV */
  get_statement: { given: { query?: { from?: string; to?: string } }; answer: string };
  /** Your endpoints */
  list_webhook_endpoints: { given: {}; answer: ListedWebhookEndpoint };
  /** Have events posted to a URL */
  create_webhook_endpoint: { given: { body: NewWebhookEndpoint }; answer: WebhookEndpointWithSecret };
  /** Send one delivery again */
  replay_webhook_delivery: { given: { path: { id: string } }; answer: WebhookDelivery };
  /** One of your endpoints */
  get_webhook_endpoint: { given: { path: { id: string } }; answer: WebhookEndpoint };
  /** Change an endpoint */
  change_webhook_endpoint: { given: { path: { id: string }; body: WebhookEndpointChange }; answer: WebhookEndpoint };
  /** Delete an endpoint */
  delete_webhook_endpoint: { given: { path: { id: string } }; answer: void };
  /** What was sent to an endpoint */
  list_webhook_deliveries: { given: { path: { id: string }; query?: { status?: "waiting" | "delivered" | "failed" | "dropped"; limit?: number; after?: string } }; answer: ListedWebhookDelivery };
  /** Send everything again since an instant */
  replay_webhook_deliveries: { given: { path: { id: string }; body: WebhookReplay }; answer: WebhookReplayed };
  /** Give an endpoint another secret */
  rotate_webhook_secret: { given: { path: { id: string } }; answer: WebhookEndpointWithSecret };
  /** Try an endpoint out */
  test_webhook_endpoint: { given: { path: { id: string } }; answer: WebhookDelivery };
  /** Is the process alive? */
  get_health: { given: {}; answer: ProcessState };
  /** Metrics */
  get_metrics: { given: {}; answer: string };
  /** Can it serve requests? */
  get_readiness: { given: {}; answer: ProcessState };
  /** How the service does */
  get_status: { given: {}; answer: Status };
  /** How the service does, as JSON */
  get_status_json: { given: {}; answer: Status };
}

/** Where each call goes, and how its answer is read. */
export const operations = {
  list_adjustments: ["GET", "/api/v1/admin/adjustments", "json"],
  get_adjustment: ["GET", "/api/v1/admin/adjustments/{id}", "json"],
  approve_adjustment: ["POST", "/api/v1/admin/adjustments/{id}/approve", "json"],
  reject_adjustment: ["POST", "/api/v1/admin/adjustments/{id}/reject", "json"],
  list_audit_log: ["GET", "/api/v1/admin/audit-log", "json"],
  verify_audit_log: ["GET", "/api/v1/admin/audit-log/verify", "json"],
  list_canned_answers: ["GET", "/api/v1/admin/canned-answers", "json"],
  add_canned_answer: ["POST", "/api/v1/admin/canned-answers", "json"],
  change_canned_answer: ["PUT", "/api/v1/admin/canned-answers/{id}", "json"],
  remove_canned_answer: ["DELETE", "/api/v1/admin/canned-answers/{id}", "nothing"],
  export_entries: ["GET", "/api/v1/admin/exports/entries.csv", "text"],
  export_users: ["GET", "/api/v1/admin/exports/users.csv", "text"],
  export_verifications: ["GET", "/api/v1/admin/exports/verifications.csv", "text"],
  list_allowed_networks: ["GET", "/api/v1/admin/ip-allowlist", "json"],
  allow_network: ["POST", "/api/v1/admin/ip-allowlist", "json"],
  remove_network: ["DELETE", "/api/v1/admin/ip-allowlist", "nothing"],
  list_jobs: ["GET", "/api/v1/admin/jobs", "json"],
  cancel_job: ["POST", "/api/v1/admin/jobs/{id}/cancel", "json"],
  retry_job: ["POST", "/api/v1/admin/jobs/{id}/retry", "json"],
  list_all_payments: ["GET", "/api/v1/admin/payments", "json"],
  get_payment_file: ["GET", "/api/v1/admin/payments/{id}", "json"],
  refund_payment_by_staff: ["POST", "/api/v1/admin/payments/{id}/refund", "json"],
  sync_any_payment: ["POST", "/api/v1/admin/payments/{id}/sync", "json"],
  list_pricing_rules: ["GET", "/api/v1/admin/pricing-rules", "json"],
  add_pricing_rule: ["POST", "/api/v1/admin/pricing-rules", "json"],
  preview_pricing_rule: ["POST", "/api/v1/admin/pricing-rules/preview", "json"],
  get_pricing_rule: ["GET", "/api/v1/admin/pricing-rules/{id}", "json"],
  end_pricing_rule: ["DELETE", "/api/v1/admin/pricing-rules/{id}", "json"],
  list_providers: ["GET", "/api/v1/admin/providers", "json"],
  switch_provider_off: ["POST", "/api/v1/admin/providers/{id}/off", "nothing"],
  switch_provider_on: ["POST", "/api/v1/admin/providers/{id}/on", "nothing"],
  list_purchases: ["GET", "/api/v1/admin/purchases", "json"],
  get_reconciliation: ["GET", "/api/v1/admin/reconciliation", "json"],
  resolve_finding: ["POST", "/api/v1/admin/reconciliation/items/{id}/resolve", "json"],
  run_reconciliation: ["POST", "/api/v1/admin/reconciliation/run", "json"],
  list_service_standings: ["GET", "/api/v1/admin/services", "json"],
  block_service: ["POST", "/api/v1/admin/services/{code}/block", "json"],
  unblock_service: ["POST", "/api/v1/admin/services/{code}/unblock", "json"],
  get_settings: ["GET", "/api/v1/admin/settings", "json"],
  list_staff: ["GET", "/api/v1/admin/staff", "json"],
  add_staff: ["POST", "/api/v1/admin/staff", "json"],
  change_staff: ["PATCH", "/api/v1/admin/staff/{id}", "json"],
  remove_staff: ["DELETE", "/api/v1/admin/staff/{id}", "nothing"],
  get_stats: ["GET", "/api/v1/admin/stats", "json"],
  list_suppressions: ["GET", "/api/v1/admin/suppressions", "json"],
  list_suspense: ["GET", "/api/v1/admin/suspense", "json"],
  resolve_suspense: ["POST", "/api/v1/admin/suspense/{id}/resolve", "json"],
  list_all_tickets: ["GET", "/api/v1/admin/tickets", "json"],
  get_any_ticket: ["GET", "/api/v1/admin/tickets/{id}", "json"],
  assign_ticket: ["POST", "/api/v1/admin/tickets/{id}/assign", "json"],
  list_any_ticket_messages: ["GET", "/api/v1/admin/tickets/{id}/messages", "json"],
  get_ticket_order: ["GET", "/api/v1/admin/tickets/{id}/order", "json"],
  reply_to_ticket: ["POST", "/api/v1/admin/tickets/{id}/reply", "json"],
  set_ticket_status: ["POST", "/api/v1/admin/tickets/{id}/status", "json"],
  list_users: ["GET", "/api/v1/admin/users", "json"],
  get_user: ["GET", "/api/v1/admin/users/{id}", "json"],
  adjust_wallet: ["POST", "/api/v1/admin/users/{id}/adjustments", "json"],
  end_user_sessions: ["POST", "/api/v1/admin/users/{id}/end-sessions", "nothing"],
  reset_user: ["POST", "/api/v1/admin/users/{id}/force-reset", "nothing"],
  get_user_mail: ["GET", "/api/v1/admin/users/{id}/mail", "json"],
  allow_user_mail: ["POST", "/api/v1/admin/users/{id}/mail/allow", "json"],
  suspend_user: ["POST", "/api/v1/admin/users/{id}/suspend", "json"],
  get_user_timeline: ["GET", "/api/v1/admin/users/{id}/timeline", "json"],
  unsuspend_user: ["POST", "/api/v1/admin/users/{id}/unsuspend", "json"],
  list_user_webhook_endpoints: ["GET", "/api/v1/admin/users/{id}/webhook-endpoints", "json"],
  list_orders: ["GET", "/api/v1/admin/verifications", "json"],
  get_order: ["GET", "/api/v1/admin/verifications/{id}", "json"],
  cancel_order: ["POST", "/api/v1/admin/verifications/{id}/cancel", "json"],
  get_order_timeline: ["GET", "/api/v1/admin/verifications/{id}/timeline", "json"],
  switch_webhook_endpoint_off: ["POST", "/api/v1/admin/webhook-endpoints/{id}/off", "json"],
  switch_webhook_endpoint_on: ["POST", "/api/v1/admin/webhook-endpoints/{id}/on", "json"],
  list_api_keys: ["GET", "/api/v1/api-keys", "json"],
  create_api_key: ["POST", "/api/v1/api-keys", "json"],
  delete_api_key: ["DELETE", "/api/v1/api-keys/{id}", "nothing"],
  get_csrf_token: ["GET", "/api/v1/auth/csrf", "json"],
  confirm_email: ["POST", "/api/v1/auth/email/confirm", "nothing"],
  unlink_google: ["DELETE", "/api/v1/auth/google", "nothing"],
  link_google: ["POST", "/api/v1/auth/google/link", "json"],
  finish_google: ["POST", "/api/v1/auth/google/second-factor", "json"],
  login: ["POST", "/api/v1/auth/login", "json"],
  logout: ["POST", "/api/v1/auth/logout", "nothing"],
  logout_all: ["POST", "/api/v1/auth/logout-all", "nothing"],
  change_password: ["POST", "/api/v1/auth/password/change", "nothing"],
  forgot_password: ["POST", "/api/v1/auth/password/forgot", "json"],
  reset_password: ["POST", "/api/v1/auth/password/reset", "nothing"],
  refresh: ["POST", "/api/v1/auth/refresh", "json"],
  register: ["POST", "/api/v1/auth/register", "json"],
  resend_verification: ["POST", "/api/v1/auth/resend-verification", "json"],
  open_browser_session: ["POST", "/api/v1/auth/session", "json"],
  close_browser_session: ["DELETE", "/api/v1/auth/session", "nothing"],
  list_sessions: ["GET", "/api/v1/auth/sessions", "json"],
  end_session: ["DELETE", "/api/v1/auth/sessions/{id}", "nothing"],
  step_up: ["POST", "/api/v1/auth/step-up", "json"],
  confirm_totp: ["POST", "/api/v1/auth/totp/confirm", "json"],
  disable_totp: ["POST", "/api/v1/auth/totp/disable", "nothing"],
  enroll_totp: ["POST", "/api/v1/auth/totp/enroll", "json"],
  verify_email: ["POST", "/api/v1/auth/verify-email", "nothing"],
  list_countries: ["GET", "/api/v1/countries", "json"],
  list_events: ["GET", "/api/v1/events", "json"],
  hook_paystack: ["POST", "/api/v1/hooks/paystack", "nothing"],
  hook_textverified: ["POST", "/api/v1/hooks/textverified", "nothing"],
  get_me: ["GET", "/api/v1/me", "json"],
  change_me: ["PATCH", "/api/v1/me", "json"],
  delete_me: ["DELETE", "/api/v1/me", "nothing"],
  export_me: ["GET", "/api/v1/me/export", "json"],
  list_notifications: ["GET", "/api/v1/notifications", "json"],
  get_notification_settings: ["GET", "/api/v1/notifications/settings", "json"],
  put_notification_settings: ["PUT", "/api/v1/notifications/settings", "json"],
  read_notification: ["POST", "/api/v1/notifications/{id}/read", "json"],
  list_payments: ["GET", "/api/v1/payments", "json"],
  open_payment: ["POST", "/api/v1/payments", "json"],
  get_payment: ["GET", "/api/v1/payments/{id}", "json"],
  refund_payment: ["POST", "/api/v1/payments/{id}/refund", "json"],
  list_refunds: ["GET", "/api/v1/payments/{id}/refunds", "json"],
  sync_payment: ["POST", "/api/v1/payments/{id}/sync", "json"],
  list_prices: ["GET", "/api/v1/prices", "json"],
  create_quote: ["POST", "/api/v1/quotes", "json"],
  get_quote: ["GET", "/api/v1/quotes/{id}", "json"],
  list_services: ["GET", "/api/v1/services", "json"],
  list_tickets: ["GET", "/api/v1/support/tickets", "json"],
  open_ticket: ["POST", "/api/v1/support/tickets", "json"],
  get_ticket: ["GET", "/api/v1/support/tickets/{id}", "json"],
  list_ticket_messages: ["GET", "/api/v1/support/tickets/{id}/messages", "json"],
  write_ticket_message: ["POST", "/api/v1/support/tickets/{id}/messages", "json"],
  list_verifications: ["GET", "/api/v1/verifications", "json"],
  create_verification: ["POST", "/api/v1/verifications", "json"],
  create_batch: ["POST", "/api/v1/verifications/batch", "json"],
  get_batch: ["GET", "/api/v1/verifications/batch/{id}", "json"],
  get_verification: ["GET", "/api/v1/verifications/{id}", "json"],
  cancel_verification: ["POST", "/api/v1/verifications/{id}/cancel", "json"],
  list_messages: ["GET", "/api/v1/verifications/{id}/messages", "json"],
  report_verification: ["POST", "/api/v1/verifications/{id}/report", "json"],
  retry_verification: ["POST", "/api/v1/verifications/{id}/retry", "json"],
  swap_verification: ["POST", "/api/v1/verifications/{id}/swap", "json"],
  get_wallet: ["GET", "/api/v1/wallet", "json"],
  list_wallet_entries: ["GET", "/api/v1/wallet/entries", "json"],
  list_wallet_holds: ["GET", "/api/v1/wallet/holds", "json"],
  get_wallet_settings: ["GET", "/api/v1/wallet/settings", "json"],
  put_wallet_settings: ["PUT", "/api/v1/wallet/settings", "json"],
  get_statement: ["GET", "/api/v1/wallet/statement.csv", "text"],
  list_webhook_endpoints: ["GET", "/api/v1/webhook-endpoints", "json"],
  create_webhook_endpoint: ["POST", "/api/v1/webhook-endpoints", "json"],
  replay_webhook_delivery: ["POST", "/api/v1/webhook-endpoints/deliveries/{id}/replay", "json"],
  get_webhook_endpoint: ["GET", "/api/v1/webhook-endpoints/{id}", "json"],
  change_webhook_endpoint: ["PATCH", "/api/v1/webhook-endpoints/{id}", "json"],
  delete_webhook_endpoint: ["DELETE", "/api/v1/webhook-endpoints/{id}", "nothing"],
  list_webhook_deliveries: ["GET", "/api/v1/webhook-endpoints/{id}/deliveries", "json"],
  replay_webhook_deliveries: ["POST", "/api/v1/webhook-endpoints/{id}/replay", "json"],
  rotate_webhook_secret: ["POST", "/api/v1/webhook-endpoints/{id}/rotate-secret", "json"],
  test_webhook_endpoint: ["POST", "/api/v1/webhook-endpoints/{id}/test", "json"],
  get_health: ["GET", "/healthz", "json"],
  get_metrics: ["GET", "/metrics", "text"],
  get_readiness: ["GET", "/readyz", "json"],
  get_status: ["GET", "/status", "json"],
  get_status_json: ["GET", "/status.json", "json"],
} as const;
