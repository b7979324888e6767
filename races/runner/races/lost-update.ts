import type { Site } from "../application.ts";
import type { Findings } from "../findings.ts";
import { type Gate, settles } from "../gate.ts";
import type { Visitor } from "../visitor.ts";
import type { Effort } from "./effort.ts";

/** Do two changes of one session, made by requests that overlap, both stay? */
export async function lostUpdate(
  site: Site,
  gate: Gate,
  { rounds, parallel, parallelRounds }: Effort,
): Promise<NonNullable<Findings["lostUpdate"]>> {
  let bothKept = 0;
  for (let round = 0; round < rounds; round += 1) {
    if (await keepsBoth(site.visitor(), gate)) bothKept += 1;
  }
  const keys: number[] = [];
  const counts: number[] = [];
  for (let round = 0; round < parallelRounds; round += 1) {
    keys.push(await keysLeft(site.visitor(), gate, parallel));
    counts.push(await countLeft(site.visitor(), gate, parallel));
  }
  return { rounds, bothKept, parallel, keys, counts };
}

/** The slow one reads first and writes last; the quick one comes and goes in between. */
async function keepsBoth(visitor: Visitor, gate: Gate): Promise<boolean> {
  await visitor.post("/set/before");
  const barrier = gate.barrier();
  const slow = visitor.at(0).post(`/set/slow?wait=${barrier.url}`);
  await barrier.arrived(1);
  const quick = visitor.at(1).post("/set/quick");
  await settles(quick);
  barrier.open();
  await Promise.all([slow, quick]);
  const { values } = await visitor.read();
  return "slow" in values && "quick" in values;
}

async function keysLeft(visitor: Visitor, gate: Gate, parallel: number): Promise<number> {
  await atOnce(visitor, gate, parallel, (index) => `/set/key${index}`);
  const { values } = await visitor.read();
  return Object.keys(values).filter((key) => key.startsWith("key")).length;
}

async function countLeft(visitor: Visitor, gate: Gate, parallel: number): Promise<number> {
  await atOnce(visitor, gate, parallel, () => "/increment");
  return Number((await visitor.read()).values["count"] ?? 0);
}

/** All have read before the first one writes, where the library lets them. */
async function atOnce(
  visitor: Visitor,
  gate: Gate,
  parallel: number,
  path: (index: number) => string,
): Promise<void> {
  await visitor.post("/set/before");
  const barrier = gate.barrier();
  const requests = Array.from({ length: parallel }, (_, index) =>
    visitor.at(index).post(`${path(index)}?wait=${barrier.url}`),
  );
  await barrier.arrived(parallel);
  barrier.open();
  await Promise.all(requests);
}
