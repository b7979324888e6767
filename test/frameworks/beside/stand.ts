import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

/** One request at its route. */
export interface Visit {
  readonly heard: string[];
  /** Resolves when the handler is done. */
  readonly done: Promise<void>;
}

export interface Stand {
  readonly port: number;
  /** What became of each request, by its `X-Id`. */
  readonly visits: Map<string, Visit>;
  close(): Promise<void>;
}

/** Lets a server listen, whatever framework answers there. */
export async function standOf(server: Server, visits: Stand["visits"]): Promise<Stand> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    visits,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
