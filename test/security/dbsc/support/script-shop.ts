import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { stripTypeScriptTypes } from "node:module";
import { sessionMiddleware } from "../../../../src/frameworks/node.ts";
import { createSessions, memoryStore } from "../../../../src/index.ts";
import {
  dbscMiddleware,
  deviceBound,
  deviceKeyOffer,
  requireProof,
} from "../../../../src/security/dbsc/index.ts";

/** What the page has seen: who was let through, and what the browser keeps of its key. */
export interface Report {
  readonly transfers: readonly string[];
  readonly withoutProof: number;
  readonly afterReload: string;
  readonly keys: readonly { readonly extractable: boolean; readonly type: string }[];
  readonly exported: string;
}

const SOURCE = new URL("../../../../src/security/dbsc/client.ts", import.meta.url);
const CLIENT = stripTypeScriptTypes(readFileSync(SOURCE, "utf8"));

/** What a page does with its key; it tells the server of it. */
const PAGE = `
import { deviceKey } from "/client.js";
const transfer = async (device) => (await device.fetch("/transfer", { method: "POST", body: "to=bob" })).text();
const heldKeys = () => new Promise((resolve, reject) => {
  const opening = indexedDB.open("sojourn-device-key", 1);
  opening.onerror = () => reject(opening.error);
  opening.onsuccess = () => {
    const all = opening.result.transaction("keys").objectStore("keys").getAll();
    all.onsuccess = () => resolve(all.result.map(({ privateKey }) => privateKey));
  };
});
const told = { transfers: [] };
try {
  const device = deviceKey();
  const answer = await fetch("/in", { method: "POST" });
  await device.register((await answer.json()).deviceKey);
  for (let at = 0; at < 3; at += 1) told.transfers.push(await transfer(device));
  told.transfers.push(...(await Promise.all([transfer(device), transfer(device)])));
  told.withoutProof = (await fetch("/transfer", { method: "POST" })).status;
  told.afterReload = await transfer(deviceKey());
  const keys = await heldKeys();
  told.keys = keys.map(({ extractable, type }) => ({ extractable, type }));
  told.exported = await crypto.subtle.exportKey("jwk", keys[0]).then(() => "yes", (error) => error.name);
} catch (error) {
  told.failed = String(error);
}
await fetch("/report", { method: "POST", body: JSON.stringify(told) });
document.body.textContent = "done";
`;

/** An application whose transfers need a proof, and a page that makes some. */
export class ScriptShop {
  readonly reported: Promise<Report>;
  /** The cookies of whoever came last. */
  cookies = "";
  readonly #report: (report: Report) => void;
  readonly #listener: (req: IncomingMessage, res: ServerResponse) => unknown;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<Report>();
    this.reported = promise;
    this.#report = resolve;
    const sessions = createSessions({ store: memoryStore(), protections: [deviceBound()] });
    const dbsc = dbscMiddleware(sessions);
    const withSessions = sessionMiddleware(sessions);
    this.#listener = (req, res) =>
      dbsc(req, res, () =>
        withSessions(req, res, async () => {
          const path = req.url ?? "/";
          if (await this.#shown(path, req, res)) return;
          const session = await sessions.open(req);
          if (path === "/in") {
            await session.signIn("ada");
            res.end(JSON.stringify({ deviceKey: deviceKeyOffer(session) }));
            return;
          }
          this.cookies = req.headers.cookie ?? "";
          await requireProof(session);
          res.end(`${session.userId} pays ${await bodyOf(req)}`);
        }),
      );
  }

  readonly listen = (req: IncomingMessage, res: ServerResponse): unknown =>
    this.#listener(req, res);

  async #shown(path: string, req: IncomingMessage, res: ServerResponse): Promise<boolean> {
    if (path === "/report") {
      this.#report(JSON.parse(await bodyOf(req)) as Report);
      res.end();
      return true;
    }
    const shown = { "/client.js": CLIENT, "/page.js": PAGE }[path];
    if (shown !== undefined) {
      res.setHeader("Content-Type", "text/javascript");
      res.end(shown);
      return true;
    }
    if (path !== "/") return false;
    res.setHeader(
      "Content-Security-Policy",
      "default-src 'none'; script-src 'self'; connect-src 'self'",
    );
    res.setHeader("Content-Type", "text/html");
    res.end('<!doctype html><body><script type="module" src="/page.js"></script>');
    return true;
  }
}

async function bodyOf(req: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of req) text += String(chunk);
  return text;
}
