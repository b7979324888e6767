import { once } from "node:events";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { AdapterAnswer, AdapterServer } from "../../../src/testing/index.ts";

/** Listens on a free port of this machine alone. */
export async function listen(server: Server): Promise<AdapterServer & { readonly target: string }> {
  if (!server.listening) server.listen(0, "127.0.0.1");
  if (!server.listening) await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    target: `http://127.0.0.1:${port}`,
    close: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Sends an answer of the suite by Node's own means. */
export async function sendByNode(res: ServerResponse, answer: AdapterAnswer): Promise<void> {
  const { status, headers, body } = answer;
  res.writeHead(status, headers.flat());
  if (typeof body === "object") await pipeline(Readable.from(body), res);
  else res.end(body);
}

export function pathOf(req: IncomingMessage): string {
  return new URL(req.url ?? "/", "http://localhost").pathname;
}
