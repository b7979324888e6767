import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Random } from "../support/random.ts";
import type { Backend } from "../support/servers/backend.ts";
import { startProxy, type TestProxy } from "../support/servers/proxy.ts";
import { type BugName, isExclusiveBug } from "./bugs.ts";
import { Crew } from "./crew.ts";
import type { History } from "./history.ts";
import { CALM, makeTrouble } from "./nemesis.ts";
import { now, type Operation } from "./operation.ts";
import { type Plan, type SubjectName, subjects } from "./subjects.ts";
import { Log, operate, perform, type Scene, thieve, Visitor } from "./visitor.ts";

/** One run: how long, on what, and from which seed. */
export interface RunOptions {
  readonly subject: SubjectName;
  readonly seed: number;
  readonly durationMs: number;
  readonly bug?: BugName | undefined;
}

/** Short, so that the pauses of a run are longer than what a request will wait. */
export const STORE_TIMEOUT_MS = 1_000;
/** Short, so that the idle clock has to be moved often. */
export const IDLE_TIMEOUT_MS = 9_000;

const VISITORS = 5;
const RUSH_CHANCE = 0.05;
const RECOVERY_PATIENCE_MS = 15_000;
/** A chance for each piece of a request that its answer is lost. */
const CUT_CHANCE = 0.002;

/** Starts everything, lets everybody act until the time is over, heals, and reads once more. */
export async function run(options: RunOptions): Promise<History> {
  const { subject: name, seed, durationMs, bug } = options;
  const subject = subjects[name];
  const stage = new Stage();
  try {
    const place = await stage.build(name, seed);
    const limits = { storeTimeoutMs: STORE_TIMEOUT_MS, idleTimeoutMs: IDLE_TIMEOUT_MS };
    const plan: Plan = { subject: name, place, bug, ...limits };
    const crew = await stage.hire(plan, subject.processes);
    const log = new Log();
    const until = now() + durationMs * 1_000;
    const { hasDirectory } = subject;
    // Where that is what has a bug, it is tried more often.
    const rushChance = bug !== undefined && isExclusiveBug(bug) ? 0.5 : RUSH_CHANCE;
    const scene = (part: number): Scene => {
      return { crew, log, until, hasDirectory, rushChance, random: Random.of(seed, part) };
    };
    const visitors = Array.from({ length: VISITORS }, (_, n) =>
      new Visitor(scene(n + 10), `visitor ${n + 1}`).run(),
    );
    const victims = { crew, proxy: stage.proxy, server: stage.server };
    const [troubles] = await Promise.all([
      makeTrouble(subject.faults, victims, Random.of(seed, 1), until),
      operate(scene(2)),
      thieve(scene(3)),
      ...visitors,
    ]);
    const lost = await look(scene(4));
    return { seed, operations: log.operations, troubles, lost, casualties: crew.casualties };
  } finally {
    await stage.clear();
  }
}

/** The servers and processes of one run. */
class Stage {
  server: Backend | undefined;
  proxy: TestProxy | undefined;
  #crew: Crew | undefined;
  #folder = "";

  async build(name: SubjectName, seed: number): Promise<Plan["place"]> {
    this.#folder = await mkdtemp(join(tmpdir(), "sojourn-history-"));
    this.server = await subjects[name].server?.();
    if (this.server === undefined) return { folder: this.#folder, port: 0 };
    const { port } = this.server;
    this.proxy = await startProxy({ port, seed, delayMs: CALM, cutChance: CUT_CHANCE });
    return { folder: this.#folder, port: this.proxy.port };
  }

  async hire(plan: Plan, count: number): Promise<Crew> {
    this.#crew = new Crew(plan);
    await this.#crew.start(count);
    return this.#crew;
  }

  async clear(): Promise<void> {
    await this.#crew?.stop();
    await this.proxy?.close();
    await this.server?.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/**
 * Every process must find the store again by itself; then each session is read by each of them.
 * Resolves to the last operation of each process that did not.
 */
async function look({ crew, log }: Scene): Promise<readonly Operation[]> {
  const processes = Array.from({ length: crew.size }, (_, process) => process);
  const lost = await Promise.all(processes.map((process) => recovery({ crew, log }, process)));
  const read = { deed: { kind: "read" }, dwellMs: 0 } as const;
  for (const token of log.tokens.values()) {
    const reads = processes
      .filter((process) => lost[process] === undefined)
      .map((process) => perform({ crew, log }, "auditor", { ...read, process, token }));
    await Promise.all(reads);
  }
  return lost.filter((operation) => operation !== undefined);
}

async function recovery(
  scene: Pick<Scene, "crew" | "log">,
  process: number,
): Promise<Operation | undefined> {
  const patience = performance.now() + RECOVERY_PATIENCE_MS;
  // Of nobody's session, so that the store is asked and nothing is found.
  const read = { deed: { kind: "read" }, dwellMs: 0, token: "A".repeat(43), process } as const;
  for (;;) {
    const operation = await perform(scene, "auditor", read);
    if (operation.outcome === "ok") return undefined;
    if (performance.now() > patience) return operation;
    await pause(50);
  }
}
