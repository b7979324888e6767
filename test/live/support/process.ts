/**
 * A process of its own with an application: `node process.ts <subject> <place> <options>`. It tells
 * its parent where it listens.
 */
import { createClient } from "redis";
import { createSessions, type SessionStore } from "../../../src/index.ts";
import { redisStore } from "../../../src/stores/redis/index.ts";
import { type StorePlace, type SubjectName, subjects } from "../../history/subjects.ts";
import { type Data, startApplication } from "./application.ts";
import type { OtherOptions } from "./other.ts";

const [, , name = "", given = "", wishes = ""] = process.argv;
const place: StorePlace = JSON.parse(given);
const { live, reconnectMs }: OtherOptions = JSON.parse(wishes);
const store =
  reconnectMs === undefined
    ? await subjects[name as SubjectName].open(place)
    : await redisThatComesBack(place, reconnectMs);
const sessions = createSessions<Data>({ store, onError: () => undefined });
const { origin } = await startApplication(sessions, { live: live ?? {} });
process.send?.(origin);
// Nobody outlives the tests.
process.on("disconnect", () => process.exit());

/** As the page on live connections has it: the driver's own pauses grow with the time of a cut. */
async function redisThatComesBack(
  { port }: StorePlace,
  reconnectMs: number,
): Promise<SessionStore> {
  const client = createClient({
    url: `redis://127.0.0.1:${port}`,
    socket: { reconnectStrategy: () => reconnectMs },
  });
  client.on("error", () => undefined);
  await client.connect();
  return redisStore(client);
}
