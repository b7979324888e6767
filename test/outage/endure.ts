import { setTimeout as pause } from "node:timers/promises";
import { expect } from "vitest";
import { type SubjectName, subjects } from "../history/subjects.ts";
import { Random } from "../support/random.ts";
import type { Backend } from "../support/servers/backend.ts";
import { startProxy, type TestProxy } from "../support/servers/proxy.ts";
import { type Answer, type Application, startApplication, type Visitor } from "./application.ts";
import { LONGEST_ANSWER_MS, OUTAGE_MS } from "./limits.ts";

export type Outage =
  | "paused"
  | "killed"
  /** Connections that are open stay silent for good; new ones work. */
  | "silent";

const VISITORS = 10;
const INTERVAL_MS = 20;
const WARM_UP_MS = 1_200;
const RECOVERY_MS = 30_000;
/** Beyond what caches and compiled code may take. */
const HEAP_MARGIN_BYTES = 3_500_000;
/** A pool may open another connection in its own time. */
const HANDLE_MARGIN = 12;

/** An application on this store, while the store's server is away for ten seconds. */
export async function endure(subject: SubjectName, outage: Outage): Promise<void> {
  const backend = await subjects[subject].server?.();
  if (backend === undefined) throw new Error(`${subject} has no server.`);
  const proxy = outage === "silent" ? await startProxy({ port: backend.port, seed: 7 }) : undefined;
  let application: Application | undefined;
  try {
    const { port } = proxy ?? backend;
    application = await startApplication(subject, { folder: "", port });
    const visitors = await signIn(application);
    await steadily(application, visitors, WARM_UP_MS);
    // A short outage first, so that what a failure loads and compiles is there already.
    const without = (act: () => Promise<readonly Answer[]>): Promise<readonly Answer[]> =>
      proxy === undefined ? withoutServer(backend, outage, act) : withSilence(proxy, act);
    await without(() => steadily(application, visitors, WARM_UP_MS));
    await recovered(application, visitors);
    const handles = await application.handles();
    const heap = await application.heapBytes();

    const during = await without(() => steadily(application, visitors, OUTAGE_MS));
    expectAnswered(during, outage);
    await recovered(application, visitors);
    const after = await steadily(application, visitors, WARM_UP_MS);
    expect(after.filter(({ status }) => status !== 200)).toEqual([]);
    await expectSignedIn(application, visitors);

    expect(application.hasEnded).toBe(false);
    await expectNoMore(application, handles);
    expect((await application.heapBytes()) - heap).toBeLessThan(HEAP_MARGIN_BYTES);
  } finally {
    await application?.stop();
    await proxy?.close();
    await backend.stop();
  }
}

async function signIn(application: Application): Promise<readonly Visitor[]> {
  const visitors: Visitor[] = [];
  for (const until = performance.now() + RECOVERY_MS; visitors.length < VISITORS; ) {
    const visitor: Visitor = { cookie: undefined, added: 0, unknown: 0 };
    // The first one has to wait for the tables, on a busy machine for longer than its deadline.
    const { status } = await application.ask("/sign-in", visitor);
    if (status === 200) visitors.push(visitor);
    else expect(performance.now(), `sign-in: ${status}`).toBeLessThan(until);
  }
  return visitors;
}

async function withSilence<T>(proxy: TestProxy, act: () => Promise<T>): Promise<T> {
  proxy.strand();
  return act();
}

async function withoutServer<T>(
  backend: Backend,
  outage: Outage,
  act: () => Promise<T>,
): Promise<T> {
  await (outage === "paused" ? backend.pause() : backend.kill());
  const done = await act();
  if (outage === "paused") backend.resume();
  else await backend.start();
  return done;
}

/** Requests at a steady rate, whether or not the earlier ones are answered. */
async function steadily(
  application: Application | undefined,
  visitors: readonly Visitor[],
  ms: number,
): Promise<readonly Answer[]> {
  if (application === undefined) return [];
  const random = new Random(7);
  const answers: Promise<Answer>[] = [];
  for (const until = performance.now() + ms; performance.now() < until; ) {
    const path = random.pick(["/untouched", "/read", "/add"]);
    answers.push(visit(application, random.pick(visitors), path));
    await pause(INTERVAL_MS);
  }
  return Promise.all(answers);
}

async function visit(application: Application, visitor: Visitor, path: string): Promise<Answer> {
  const answer = await application.ask(path, visitor);
  if (path === "/add" && answer.status === 200) visitor.added += 1;
  if (path === "/add" && answer.status !== 200) visitor.unknown += 1;
  return answer;
}

function expectAnswered(answers: readonly Answer[], outage: Outage): void {
  const untouched = answers.filter(({ path }) => path === "/untouched");
  expect(untouched.filter(({ status }) => status !== 200)).toEqual([]);
  expect(answers.filter(({ status }) => status !== 200 && status !== 503)).toEqual([]);
  expect(answers.filter(({ ms }) => ms > LONGEST_ANSWER_MS)).toEqual([]);
  // Otherwise there was no outage; one that is silent is over after two deadlines.
  const least = outage === "silent" ? 10 : 50;
  expect(answers.filter(({ status }) => status === 503).length).toBeGreaterThan(least);
  if (outage === "silent") {
    expect(answers.slice(-answers.length / 4).filter(({ status }) => status !== 200)).toEqual([]);
  }
}

/** The application finds its store again by itself. */
async function recovered(application: Application, visitors: readonly Visitor[]): Promise<void> {
  const until = performance.now() + RECOVERY_MS;
  for (;;) {
    const answers = await Promise.all(visitors.map((each) => application.ask("/read", each)));
    if (answers.every(({ status }) => status === 200)) return;
    expect(performance.now(), "still answering 503").toBeLessThan(until);
    await pause(INTERVAL_MS);
  }
}

/** Nobody was signed out, and every addition that was acknowledged counts, once. */
async function expectSignedIn(
  application: Application,
  visitors: readonly Visitor[],
): Promise<void> {
  for (const visitor of visitors) {
    const { json } = await application.ask("/read", visitor);
    const [user, count] = json as [unknown, number];
    expect(user).toBe("ada");
    expect(count).toBeGreaterThanOrEqual(visitor.added);
    expect(count).toBeLessThanOrEqual(visitor.added + visitor.unknown);
  }
}

async function expectNoMore(application: Application, handles: number): Promise<void> {
  const until = performance.now() + RECOVERY_MS;
  for (;;) {
    const now = await application.handles();
    if (now <= handles + HANDLE_MARGIN) return;
    expect(performance.now(), `${now} handles, ${handles} before`).toBeLessThan(until);
    await pause(INTERVAL_MS);
  }
}
