import { readFile } from "node:fs/promises";
import {
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from "node:http";
import { pipeline } from "node:stream/promises";
import { isNeighbour, type NeighbourName } from "./neighbours.ts";
import type { App } from "./sojourn-app.ts";

/**
 * One address for all: below `/flask`, `/django`, `/tornado` and `/fastapi` it asks the neighbours,
 * below `/sojourn` the TypeScript application, and else it has the page.
 */
export function frontDoor(ports: Readonly<Record<NeighbourName, number>>, sojourn: App): Server {
  return createServer(async (req, res) => {
    const [first = "", ...rest] = new URL(req.url ?? "/", "http://any").pathname
      .slice(1)
      .split("/");
    const path = rest.join("/");
    try {
      if (!isFromHere(req)) res.writeHead(403).end("Only the page itself may ask for this.");
      else if (first === "sojourn") await sojourn(req, res, path);
      else if (isNeighbour(first)) await passOn(req, res, { port: ports[first], path: `/${path}` });
      else await showFile(res, first);
    } catch {
      if (res.headersSent) res.destroy();
      else res.writeHead(502).end();
    }
  });
}

/** Other sites must neither change anything here, nor come in under a name of their own. */
function isFromHere({ method, headers }: IncomingMessage): boolean {
  const { host = "", origin } = headers;
  if (!/^(?:127\.0\.0\.1|localhost):\d+$/.test(host)) return false;
  return method === "GET" || origin === `http://${host}`;
}

async function passOn(
  req: IncomingMessage,
  res: ServerResponse,
  { port, path }: { readonly port: number; readonly path: string },
): Promise<void> {
  const headers = {
    ...req.headers,
    connection: "close",
    // Flask-Login's session protection and ours must see the same address.
    "x-forwarded-for": req.socket.remoteAddress,
  };
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port, path, method: req.method, headers }, resolve);
    asked.once("error", reject);
    req.pipe(asked);
  });
  const { connection: _, ...kept } = answer.headers;
  res.writeHead(answer.statusCode ?? 502, kept);
  await pipeline(answer, res);
}

async function showFile(res: ServerResponse, name: string): Promise<void> {
  const file = FILES[name];
  if (file === undefined) {
    res.writeHead(404).end("There is no such page.");
    return;
  }
  const [path, type] = file;
  const content = await readFile(new URL(path, import.meta.url));
  res.writeHead(200, { ...HEADERS, "content-type": type }).end(content);
}

const FILES: Readonly<Record<string, readonly [path: string, type: string]>> = {
  "": ["page/page.html", "text/html; charset=utf-8"],
  "page.css": ["page/page.css", "text/css"],
  "page.js": ["page/page.js", "text/javascript"],
  "serif.woff2": ["../../demo/public/fonts/wayside-serif-regular.woff2", "font/woff2"],
  "serif-italic.woff2": ["../../demo/public/fonts/wayside-serif-italic.woff2", "font/woff2"],
};

const HEADERS = {
  "cache-control": "no-cache",
  "content-security-policy":
    "default-src 'none'; style-src 'self'; script-src 'self'; font-src 'self'; " +
    "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
};
