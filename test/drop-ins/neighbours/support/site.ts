import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestClient, testClient } from "../../../../src/testing/index.ts";

/** An application that answers on this machine. */
export interface Site {
  readonly server: Server;
  readonly origin: string;
  /** A browser of somebody's. */
  browser(): TestClient;
  close(): Promise<void>;
}

/** Serves an application that is made once its address is known. */
export async function serveSite(
  application: (origin: string) => RequestListener | Promise<RequestListener>,
): Promise<Site> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  server.on("request", await application(origin));
  return {
    server,
    origin,
    browser: () => testClient(origin),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The value of the session's cookie. */
export function cookieOf(browser: TestClient): string | undefined {
  return browser.cookies().find(({ name }) => name === "connect.sid")?.value;
}

/** A browser that has had the same cookie all the while. */
export async function withCookie(
  site: Site,
  cookie: string | undefined,
  path: string,
): Promise<string> {
  const headers = { cookie: `connect.sid=${cookie}` };
  return (await fetch(site.origin + path, { headers })).text();
}
