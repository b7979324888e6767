/**
 * One application process of a history: `node worker.ts <plan as JSON>`. It makes its own store and
 * sessions, does what it is asked over IPC, and says what it saw and when.
 */
import { setTimeout as pause } from "node:timers/promises";
import { StoreError } from "../../src/core/errors.ts";
import {
  createSessions,
  ExclusiveError,
  type Session,
  SessionError,
  type Untyped,
} from "../../src/index.ts";
import { isExclusiveBug } from "./bugs.ts";
import {
  type Answer,
  type Ask,
  type Deed,
  LEASE_MS,
  now,
  type Outcome,
  type View,
  WAIT_MS,
  type Work,
} from "./operation.ts";
import { planted } from "./planted.ts";
import { type Exclusive, plantedExclusive } from "./planted-exclusive.ts";
import { type Plan, subjects } from "./subjects.ts";

const plan: Plan = JSON.parse(process.argv[2] ?? "");
const sound = await subjects[plan.subject].open(plan.place);
const { bug } = plan;
const sessions = createSessions<Untyped>({
  store: bug === undefined || isExclusiveBug(bug) ? sound : planted(sound, bug),
  storeTimeout: plan.storeTimeoutMs,
  idleTimeout: plan.idleTimeoutMs,
});

type Done = Pick<Answer, "outcome" | "result" | "error" | "work" | "after">;

async function answer({ request, cookie, deed, dwellMs }: Ask): Promise<Answer> {
  const start = now();
  if (deed.kind === "revoke" || deed.kind === "revokeAll" || deed.kind === "list") {
    const done = await attempt(() => operate(deed));
    return { request, start, opened: start, end: now(), setCookie: [], ...done };
  }
  let opened = start;
  let seen: View | undefined;
  let done: Done = { outcome: "failed" };
  const headers = cookie === undefined ? {} : { cookie };
  const web = new Request("https://localhost/", { headers });
  const response = await sessions.handle(web, async () => {
    const session = await sessions.open(web).catch((error: unknown) => {
      done = { outcome: "failed", error: describe(error) };
      throw error;
    });
    opened = now();
    seen = look(session);
    if (dwellMs > 0) await pause(dwellMs);
    done = await (deed.kind === "exclusive"
      ? workAlone(session, deed)
      : attempt(() => act(session, deed)));
    return new Response(null, { status: STATUS[done.outcome] });
  });
  const setCookie = response.headers.getSetCookie();
  const end = now();
  return { request, start, opened, end, setCookie, seen, ...agreed(done, response.status, seen) };
}

const STATUS: Readonly<Record<Outcome, number>> = {
  ok: 200,
  ended: 409,
  failed: 503,
  unknown: 503,
  broken: 500,
};

/** The handler was content, but what is stored with the response may not have been. */
function agreed(done: Done, status: number, seen: View | undefined): Done {
  if (seen === undefined || done.outcome !== "ok" || status === 200) return done;
  if (status === 409) return { ...done, outcome: "ended" };
  return { ...done, outcome: status === 503 ? "unknown" : "broken" };
}

async function attempt(deed: () => unknown): Promise<Done> {
  try {
    return { outcome: "ok", result: await deed() };
  } catch (error) {
    return { outcome: outcomeOf(error), error: describe(error) };
  }
}

function outcomeOf(error: unknown): Outcome {
  if (error instanceof StoreError) return error.outcome;
  // Busy, or too late: either way nothing was stored.
  if (error instanceof ExclusiveError || error instanceof WorkError) return "failed";
  return error instanceof SessionError && error.status === 409 ? "ended" : "broken";
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? "" : ` <- ${describe(error.cause)}`;
  const place = error instanceof SessionError ? error.message : (error.stack ?? error.message);
  return `${place}${cause}`;
}

function look(session: Session<Untyped>): View {
  const values = Object.fromEntries(session.entries());
  if (session.isEnded) return { condition: "ended", userId: session.userId, values };
  const condition = session.isNew ? "new" : "live";
  return { condition, userId: session.userId, values };
}

/** What the work of an `exclusive` throws. */
class WorkError extends Error {}

type ExclusiveDeed = Extract<Deed, { readonly kind: "exclusive" }>;

async function workAlone(session: Session<Untyped>, deed: ExclusiveDeed): Promise<Done> {
  const { key, value, workMs, throws } = deed;
  let work: Work | undefined;
  const options = { lease: LEASE_MS, wait: WAIT_MS };
  const done = await attempt(() =>
    exclusiveOf(session)("work", options, async (inside, held) => {
      const start = now();
      work = { start, end: start, previous: held.previous, intent: held.intent };
      await held.intend(value);
      await pause(workMs);
      work = { ...work, end: now() };
      if (throws) throw new WorkError("It was meant to fail.");
      inside.set(key, value);
      return value;
    }),
  );
  return { ...done, work, after: done.outcome === "ok" ? session.get(key) : undefined };
}

function exclusiveOf(session: Session<Untyped>): Exclusive {
  if (bug !== undefined && isExclusiveBug(bug)) return plantedExclusive(session, bug);
  return (name, options, job) => session.exclusive(name, options, job);
}

type OperatorDeed = Extract<Deed, { readonly kind: "revoke" | "revokeAll" | "list" }>;
type SessionDeed = Exclude<Deed, OperatorDeed | ExclusiveDeed>;

async function act(session: Session<Untyped>, deed: SessionDeed): Promise<unknown> {
  switch (deed.kind) {
    case "read":
      return undefined;
    case "set":
      session.set(deed.key, deed.value);
      return deed.when === "by save" ? session.save() : undefined;
    case "delete":
      return session.delete(deed.key);
    case "consume":
      return session.consume(deed.key);
    case "add":
      return session.update("count", (count = 0) => count + 1);
    case "signIn":
      return session.signIn(deed.userId);
    case "regenerate":
    case "signOut":
    case "destroy":
      return session[deed.kind]();
    default:
      return deed satisfies never;
  }
}

async function operate(deed: OperatorDeed): Promise<unknown> {
  switch (deed.kind) {
    case "revoke":
      return sessions.revoke(deed.id);
    case "revokeAll":
      return sessions.revokeAll({
        userId: deed.userId,
        ...(deed.except !== undefined && { except: deed.except }),
      });
    case "list":
      return (await sessions.list({ userId: deed.userId })).map(({ id }) => id);
    default:
      return deed satisfies never;
  }
}

async function answerAnyhow(ask: Ask): Promise<Answer> {
  const start = now();
  return answer(ask).catch((error: unknown) => {
    const end = now();
    const told = { outcome: "broken", error: describe(error) } as const;
    return { request: ask.request, start, opened: end, end, setCookie: [], ...told };
  });
}

process.on("message", async (ask: Ask) => process.send?.(await answerAnyhow(ask)));
// Nobody outlives the run.
process.on("disconnect", () => process.exit());
process.send?.("ready");
