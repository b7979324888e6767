import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { openAccounts } from "./accounts.ts";
import { PasswordGuard } from "./password-guard.ts";
import { SessionLog } from "./session-log.ts";
import { shopSessions } from "./sessions.ts";
import { createShop } from "./shop.ts";

const HOST = "127.0.0.1";
const MAX_PORT = 65_535;

const port = Number(process.env["PORT"] ?? 3000);
const path = process.env["DATABASE"] ?? fileURLToPath(new URL("data/shop.db", import.meta.url));

mkdirSync(dirname(path), { recursive: true });
const database = new DatabaseSync(path);
const sessions = shopSessions(database);
const accounts = openAccounts(database);

const log = new SessionLog(sessions);

const shop = createShop({ sessions, accounts, guard: new PasswordGuard(accounts), log });
const server = createServer(shop);
await listen(server, port);
console.log(`Wayside is open at http://${HOST}:${(server.address() as AddressInfo).port}`);

process.once("SIGINT", close);
process.once("SIGTERM", close);

/** Lets the requests that are running finish, for three seconds at most, then closes the books. */
function close(): void {
  log.close();
  server.close(async () => {
    await sessions.close();
    database.close();
  });
  setTimeout(() => server.closeAllConnections(), 3_000).unref();
}

/** Listens on the port, or on the next one that is free. */
async function listen(on: Server, wanted: number): Promise<void> {
  on.listen(wanted, HOST);
  try {
    await once(on, "listening");
  } catch (error) {
    const isTaken = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
    if (!isTaken || wanted >= MAX_PORT) throw error;
    await listen(on, wanted + 1);
  }
}
