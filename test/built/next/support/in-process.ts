import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

/** What is used of `next`, which is installed with the example alone. */
type Next = (options: { readonly dev: boolean; readonly dir: string }) => {
  prepare(): Promise<void>;
  getRequestHandler(): RequestListener;
  close(): Promise<void>;
};

/** A built application, served in this process. */
export interface InProcess {
  readonly handle: RequestListener;
  close(): Promise<void>;
}

/** Loads what `next build` has made, as a custom server does. */
export async function inProcess(dir: string): Promise<InProcess> {
  const next: Next = createRequire(join(dir, "package.json"))("next");
  const app = next({ dev: false, dir });
  await app.prepare();
  return { handle: app.getRequestHandler(), close: () => app.close() };
}

/** Listens on a port of the system's choice. */
export async function listening(
  listener: RequestListener,
): Promise<{ readonly target: string; close(): Promise<void> }> {
  const server: Server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  };
  return { target: `http://127.0.0.1:${port}`, close };
}
