import { setTimeout as pause } from "node:timers/promises";
import type { Random } from "../support/random.ts";
import type { Backend } from "../support/servers/backend.ts";
import type { TestProxy } from "../support/servers/proxy.ts";
import type { Crew } from "./crew.ts";
import type { Trouble } from "./history.ts";
import { now } from "./operation.ts";
import type { Fault } from "./subjects.ts";

/** What the nemesis may lay hands on. */
export interface Victims {
  readonly crew: Crew;
  readonly proxy: TestProxy | undefined;
  readonly server: Backend | undefined;
}

/** The delays of a network in good health, in ms. */
export const CALM: readonly [number, number] = [0, 3];

/** Makes one kind of trouble after the other, and heals each. Resolves to what it did. */
export async function makeTrouble(
  faults: readonly Fault[],
  victims: Victims,
  random: Random,
  until: number,
): Promise<Trouble[]> {
  const troubles: Trouble[] = [];
  while (faults.length > 0) {
    await pause(random.between(150, 700));
    // The last quarter second is for those whose answers are still to come.
    if (now() > until - 250_000) break;
    const fault = random.pick(faults);
    const start = now();
    const detail = await FAULTS[fault](victims, random);
    troubles.push({ start, end: now(), what: `${fault}${detail}` });
  }
  return troubles;
}

type Make = (victims: Victims, random: Random) => Promise<string>;

const FAULTS: Readonly<Record<Fault, Make>> = {
  cut: async ({ proxy }, random) => {
    const how = random.pick(["reset", "finish"] as const);
    proxy?.cut(how);
    return ` (${how})`;
  },
  deafen: async ({ proxy }, random) => {
    proxy?.deafen();
    await pause(random.between(20, 300));
    proxy?.pass();
    return "";
  },
  hold: async ({ proxy }, random) => {
    proxy?.hold();
    await pause(random.between(100, 1_600));
    // What was held arrives after all, or is lost with its connection.
    const isLost = random.chance(0.4);
    if (isLost) proxy?.cut("reset");
    proxy?.pass();
    return isLost ? " and cut" : "";
  },
  strand: async ({ proxy }, random) => {
    proxy?.strand();
    // Long enough that who waits for an answer gives up, and finds another way.
    await pause(random.between(500, 3_000));
    return "";
  },
  delay: async ({ proxy }, random) => {
    proxy?.delay(0, random.between(20, 120));
    await pause(random.between(200, 600));
    proxy?.delay(...CALM);
    return "";
  },
  pause: async ({ server }, random) => {
    await server?.pause();
    await pause(random.between(100, 1_600));
    server?.resume();
    return "";
  },
  kill: async ({ server }, random) => {
    await server?.kill();
    await pause(random.between(0, 400));
    await server?.start();
    return "";
  },
  crash: async ({ crew }, random) => {
    // One that is still starting has nothing to lose.
    await crew.complete();
    const process = random.below(crew.size);
    await crew.crash(process);
    return ` of process ${process}`;
  },
};
