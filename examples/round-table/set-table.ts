import type { Server } from "node:http";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createClient } from "redis";
import { frontDoor } from "./front-door.ts";
import { NEIGHBOURS, type Neighbour, type NeighbourName, pythonNeighbours } from "./neighbours.ts";
import { freePort, type Program, type Programs } from "./programs.ts";
import type { Machine } from "./requirements.ts";
import { type Records, sharedSessions } from "./shared-sessions.ts";
import { sojournApp } from "./sojourn-app.ts";

/** Where all of it lives. */
export interface Room extends Machine {
  /** For Django's database. */
  readonly folder: string;
  readonly programs: Programs;
}

/** Starts the neighbours, and resolves to the one server in front of them. */
export async function setTable({ records, django, folder, programs }: Room): Promise<Server> {
  const server = recordServer(records, await freePort());
  const path = join(folder, "django.db");
  const places = { database: path, records: `${records}://127.0.0.1:${server.port}` };
  const neighbours = await pythonNeighbours(places);
  await Promise.all([server, ...Object.values(neighbours)].map((each) => programs.start(each)));

  const database = new DatabaseSync(path, { timeout: 5_000 });
  const secretKeys = ofEach(neighbours, ({ secretKey }) => secretKey);
  const shared = sharedSessions(secretKeys, {
    database,
    djangoVersion: django,
    records: await client(records, server.port),
  });
  return frontDoor(
    ofEach(neighbours, ({ port }) => port),
    sojournApp(shared),
  );
}

function recordServer(records: Machine["records"], port: number): Program {
  const listening = ["-p", String(port), "-l", "127.0.0.1"];
  const command =
    records === "redis"
      ? ["redis-server", "--port", String(port), "--bind", "127.0.0.1", "--save", ""]
      : ["memcached", ...listening, "-u", "nobody"];
  return { name: records, command, port };
}

async function client(records: Machine["records"], port: number): Promise<Records> {
  if (records === "memcached") return { memcached: `127.0.0.1:${port}` };
  const redis = createClient({ url: `redis://127.0.0.1:${port}` });
  // The end of Redis ends everything here.
  redis.on("error", () => undefined);
  return { redis: await redis.connect() };
}

function ofEach<T>(
  neighbours: Readonly<Record<NeighbourName, Neighbour>>,
  take: (neighbour: Neighbour) => T,
): Readonly<Record<NeighbourName, T>> {
  const entries = NEIGHBOURS.map((name) => [name, take(neighbours[name])]);
  return Object.fromEntries(entries);
}
