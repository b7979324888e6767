/**
 * An application on one store: `node --expose-gc app.ts <subject> <folder> <port of its server>`.
 * It tells its own port to its parent.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { sessionMiddleware } from "../../src/frameworks/node.ts";
import { createSessions, type Session, type Untyped } from "../../src/index.ts";
import { type SubjectName, subjects } from "../history/subjects.ts";
import { STORE_TIMEOUT_MS } from "./limits.ts";

const [, , subject = "", folder = "", port = ""] = process.argv;
const store = await subjects[subject as SubjectName].open({ folder, port: Number(port) });
const sessions = createSessions<Untyped>({ store, storeTimeout: STORE_TIMEOUT_MS });
const withSessions = sessionMiddleware(sessions);

async function visit(session: Session<Untyped>, path: string): Promise<unknown> {
  switch (path) {
    case "/sign-in":
      return session.signIn("ada");
    case "/add":
      return session.update("count", (count = 0) => count + 1);
    default:
      return [session.userId, session.get("count") ?? 0];
  }
}

const server = createServer((request, response) =>
  withSessions(request, response, async () => {
    const { url = "/" } = request;
    if (url === "/untouched") return response.end("null");
    if (url === "/heap") return response.end(String(heapBytes()));
    const answer = await visit(await sessions.open(request), url);
    return response.end(JSON.stringify(answer ?? null));
  }),
);

function heapBytes(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
// Nobody outlives the tests.
process.on("disconnect", () => process.exit());
