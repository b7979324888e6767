import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { inspect } from "node:util";
import { StoreError } from "../../core/errors.ts";
import type { SessionStore, StoreCall } from "../../core/store.ts";
import { freshId, successorOf } from "./fixtures.ts";
import type { Stage, Tell } from "./stage.ts";

const DEADLINE_MS = 100;
const SOON_MS = 3_000;
/** Planted in a record, and looked for in errors. */
const SECRETS: readonly string[] = ["canary-data", "canary-flash", "canary-user", "canary-device"];

export function tellFailing(tell: Tell): void {
  tell("rejects every call with a StoreError once it is closed", async (stage) => {
    const { store } = stage;
    if (store.close === undefined) return;
    await store.load(freshId(stage.manager), stage.call);
    await store.close();
    for (const [operation, attempt] of everyCall(stage, store, stage.call)) {
      await assert.rejects(attempt, isStoreError, operation);
    }
  });

  tell("can be closed twice, and without having been used", async ({ store }) => {
    await store.close?.();
    await store.close?.();
  });

  tell("settles soon where the call is aborted already", async (stage) => {
    const call = { ...stage.call, signal: AbortSignal.abort() };
    for (const [operation, attempt] of everyCall(stage, stage.store, call)) {
      await soon(
        operation,
        attempt().catch(() => undefined),
      );
    }
  });

  tell("stops waiting at the call's deadline, and says so truly", async (stage) => {
    const { under, store } = stage;
    if (under.stall === undefined) return;
    await store.load(freshId(stage.manager), stage.call);
    const record = stage.record();
    const release = await under.stall();
    const call = { now: stage.now, signal: AbortSignal.timeout(DEADLINE_MS) };
    const failure = await soon(
      "create",
      store.create(record, call).catch((error) => error),
    );
    await release();
    assert.ok(failure instanceof Error, "it did not wait for the stalled store");
    if (!isStoreError(failure) || failure.outcome === "unknown") return;
    await stage.sees(record.id, undefined);
  });

  tell("tells no data, user or device in an error", async (stage) => {
    const { under, store } = stage;
    const record = secretRecord(stage);
    await store.load(record.id, stage.call);
    const release = await under.stall?.();
    const call = { now: stage.now, signal: AbortSignal.timeout(DEADLINE_MS) };
    const stalled = release === undefined ? [] : [() => store.create(record, call)];
    const failures = [await failureOf(stalled)];
    await release?.();
    await store.close?.();
    for (const [, attempt] of everyCall(stage, store, stage.call, record)) {
      failures.push(await failureOf([attempt]));
    }
    const text = inspect(failures, { depth: 8, showHidden: true });
    for (const secret of SECRETS) assert.ok(!text.includes(secret), secret);
  });
}

type Attempt = () => Promise<unknown>;

async function failureOf([attempt]: readonly Attempt[]): Promise<unknown> {
  try {
    return void (await attempt?.());
  } catch (error) {
    return error;
  }
}

function isStoreError(error: unknown): error is StoreError {
  return error instanceof StoreError;
}

/** The work's result, unless it takes far longer than any deadline that it was given. */
async function soon<T>(what: string, work: Promise<T>): Promise<T> {
  const patience = new AbortController();
  const late = pause(SOON_MS, undefined, { signal: patience.signal }).then(() =>
    assert.fail(`${what} still waits after ${SOON_MS} ms`),
  );
  try {
    return await Promise.race([work, late]);
  } finally {
    late.catch(() => undefined);
    patience.abort();
  }
}

function secretRecord(stage: Stage): ReturnType<Stage["record"]> {
  return stage.record({
    data: '{"secret":"canary-data"}',
    flash: '[["secret","canary-flash"]]',
    userId: "canary-user",
    device: "canary-device",
  });
}

/** One call of each method that the store has. */
function everyCall(
  stage: Stage,
  store: SessionStore,
  call: StoreCall,
  record = stage.record({ userId: "alice" }),
): readonly (readonly [string, Attempt])[] {
  const { id, manager, version } = record;
  const { directory, expiry } = store;
  const user = stage.user(record.userId);
  const seen = { lastSeenAt: stage.now, expiresAt: record.expiresAt };
  const calls: (readonly [string, Attempt])[] = [
    ["load", () => store.load(id, call)],
    ["create", () => store.create(record, call)],
    ["update", () => store.update(successorOf(record), version, call)],
    ["end", () => store.end(stage.tombstone(record), undefined, call)],
  ];
  if (store.touch !== undefined) calls.push(["touch", async () => store.touch?.(id, seen, call)]);
  if (expiry !== undefined) calls.push(["deleteExpired", () => expiry.deleteExpired(call)]);
  if (directory === undefined) return calls;
  const page = { manager, after: undefined, limit: 1 };
  return [
    ...calls,
    ["generation", () => directory.generation(user, call)],
    ["raiseGeneration", () => directory.raiseGeneration(user, call)],
    ["list", () => directory.list(user, call)],
    ["endAll", () => directory.endAll(user, stage.endAll(), call)],
    ["scan", () => directory.scan(page, call)],
    ["count", () => directory.count(manager, call)],
  ];
}
