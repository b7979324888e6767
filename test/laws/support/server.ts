/**
 * One of several processes that share a SQLite file: `node server.ts sessions.db`. It tells its
 * port to its parent, and answers /set/<key>, /add, /sum and /sign-in.
 */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { createSessions, type Session, type Untyped } from "../../../src/index.ts";
import { sqliteStore } from "../../../src/stores/sqlite/index.ts";

const [, , path = ""] = process.argv;
const sessions = createSessions<Untyped>({ store: sqliteStore(path), storeTimeout: "10s" });

async function answer(session: Session<Untyped>, target: string): Promise<unknown> {
  const [, action, key = ""] = target.split("/");
  switch (action) {
    case "set":
      return session.set(key, true);
    case "add":
      return session.update("n", (n = 0) => n + 1);
    case "sign-in":
      return session.signIn("ada");
    default:
      return Object.fromEntries([...session.entries()]);
  }
}

function asRequest({ headers, url = "/" }: IncomingMessage): Request {
  const { cookie } = headers;
  return new Request(
    `https://localhost${url}`,
    cookie === undefined ? {} : { headers: { cookie } },
  );
}

const server = createServer(async (incoming, outgoing) => {
  const response = await sessions.handle(asRequest(incoming), async (request) => {
    const session = await sessions.open(request);
    return Response.json((await answer(session, incoming.url ?? "/")) ?? null);
  });
  outgoing.writeHead(response.status, { "set-cookie": response.headers.getSetCookie() });
  outgoing.end(await response.text());
});

server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
// Nobody outlives the tests.
process.on("disconnect", () => process.exit());
