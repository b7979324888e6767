/**
 * How long does it take until another process hears of a sign-out, and after a cut of ten seconds? On
 * Redis and PostgreSQL, by each driver, two processes on one machine.
 * Usage: npm run bench -- hearing-of-ends
 *
 * Counted from before the sign-out, which is part of it: from the request to the call of the
 * listener, with the load that tells why the session ended.
 */
import { setTimeout as pause } from "node:timers/promises";
import { createSessions } from "../src/index.ts";
import { type SubjectName, subjects } from "../test/history/subjects.ts";
import { OtherProcess } from "../test/laws/support/other-process.ts";
import { startProxy } from "../test/support/servers/proxy.ts";

const ROUNDS = 300;
const CUT_MS = 10_000;
const DURING_CUT = 50;
const NAMES: readonly SubjectName[] = ["redis", "ioredis", "postgres", "postgres.js"];

for (const name of NAMES) {
  const { server, open } = subjects[name];
  const backend = await server?.();
  if (backend === undefined) continue;
  const proxy = await startProxy({ port: backend.port, seed: 1 });
  const other = await OtherProcess.start(name, { folder: "", port: backend.port });
  const sessions = createSessions({ store: await open({ folder: "", port: proxy.port }) });
  const onlooker = await sessions.onEnded(() => undefined);

  const heard = async (): Promise<number> => {
    const session = await other.begin("ada");
    const { promise, resolve } = Promise.withResolvers<number>();
    onlooker.watch(session, () => resolve(performance.now()));
    const begunAt = performance.now();
    await other.signOut(session);
    return (await promise) - begunAt;
  };
  for (let round = 0; round < 50; round += 1) await heard();
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) times.push(await heard());
  times.sort((one, another) => one - another);
  const at = (share: number): string => (times[Math.floor(share * times.length)] ?? 0).toFixed(1);
  console.log(
    `${name}: heard after ${at(0.5)} ms at the median, ${at(0.99)} ms at the 99th percentile`,
  );

  const counts = new Map<string, number>();
  const watched = await Promise.all(Array.from({ length: DURING_CUT }, () => other.begin("bea")));
  for (const session of watched) {
    onlooker.watch(session, () => counts.set(session.id, (counts.get(session.id) ?? 0) + 1));
  }
  await heard();
  proxy.hold();
  proxy.cut("reset");
  for (const session of watched) await other.signOut(session);
  await pause(CUT_MS);
  const duringCut = counts.size;
  proxy.cut("reset");
  proxy.pass();
  const backAt = performance.now();
  while (counts.size < DURING_CUT) await pause(5);
  const allAt = performance.now() - backAt;
  await pause(1_000);
  const once = [...counts.values()].filter((count) => count === 1).length;
  console.log(
    `${name}: of ${DURING_CUT} that ended in a cut of ${CUT_MS} ms, ${duringCut} were heard of before its end, ` +
      `${once} once in all, the last one ${allAt.toFixed(0)} ms after it`,
  );
  await sessions.close();
  other.kill();
  await proxy.close();
  await backend.stop();
}
process.exit();
