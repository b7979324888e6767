import type { PGlite } from "@electric-sql/pglite";
import { afterAll, beforeAll, describe, it } from "vitest";
import { describeStore, type OpenStore } from "../../src/testing/store.ts";
import { type PostgresServer, startPostgres } from "../support/servers/postgres.ts";
import { describeGenerations } from "./support/generations.ts";
import { describeNotes } from "./support/notes.ts";
import { openOn, openPGlite, SERVED } from "./support/postgres-databases.ts";

const runner = { describe, it };

let postgres: PostgresServer;
let pglite: PGlite;
let openEmbedded: OpenStore;
beforeAll(async () => {
  postgres = await startPostgres();
  ({ pglite, open: openEmbedded } = await openPGlite());
});
afterAll(async () => {
  await postgres.server.stop();
  await pglite.close();
});

for (const [name, connect] of SERVED) {
  const open = openOn(() => postgres.url, connect);
  describeStore(`PostgreSQL, ${name}`, open, { runner });
  describeNotes(`PostgreSQL, ${name}`, open);
  describeGenerations(`PostgreSQL, ${name}`, open);
}
describeStore("PostgreSQL, PGlite", () => openEmbedded(), { runner });
describeNotes("PostgreSQL, PGlite", () => openEmbedded());
describeGenerations("PostgreSQL, PGlite", () => openEmbedded());
