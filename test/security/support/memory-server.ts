import { spawn } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createSessions } from "../../../src/create-sessions.ts";
import { sessionMiddleware } from "../../../src/frameworks/node.ts";
import { memoryStore } from "../../../src/index.ts";
import { encrypted } from "../../../src/stores/encrypted/index.ts";

// Visitors sign in, come again and sign out, in a process of their own, so that this one knows their
// tokens by its own work alone. It stays until its memory has been read.

const VISITORS = 20;
const LATER_REQUESTS = 300;

const store = encrypted(memoryStore(), [process.env["SESSION_KEY"] ?? ""], { bindTo: "token" });
const sessions = createSessions({ store });
const withSessions = sessionMiddleware(sessions);

const server = createServer((req, res) =>
  withSessions(req, res, async () => {
    const session = await sessions.open(req);
    if (req.url === "/in") await session.signIn("ada");
    if (req.url === "/in") session.set("note", "of one visitor");
    if (req.url === "/out") await session.signOut();
    res.end(String(session.get("note")));
  }),
).listen(0, "127.0.0.1", () => {
  const { port } = server.address() as AddressInfo;
  const visitors = spawn(process.execPath, ["-e", VISIT], {
    env: { URL: `http://127.0.0.1:${port}`, TOKENS: process.env["TOKENS"] },
    stdio: "inherit",
  });
  visitors.on("exit", () => {
    (globalThis as { gc?: () => void }).gc?.();
    console.log("ready");
  });
});

process.stdin.on("data", () => process.exit(0));

const VISIT = `
  const post = (path, cookie) =>
    fetch(process.env.URL + path, { method: "POST", headers: cookie ? { cookie } : {} });
  (async () => {
    const tokens = [];
    for (let visitor = 0; visitor < ${VISITORS}; visitor += 1) {
      const [line] = (await post("/in")).headers.getSetCookie();
      const [cookie] = line.split(";");
      tokens.push(cookie.split("=")[1]);
      if ((await (await post("/", cookie)).text()) !== "of one visitor") process.exit(1);
      await post("/out", cookie);
    }
    for (let more = 0; more < ${LATER_REQUESTS}; more += 1) await post("/");
    require("node:fs").writeFileSync(process.env.TOKENS, JSON.stringify(tokens));
  })();
`;
