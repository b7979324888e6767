import type { ServerSpec } from "./test-server.ts";

/** A memcached with the arguments given, such as `-I 2m`. It refuses root, unless told who to be. */
export function memcached(...more: readonly string[]): ServerSpec {
  return {
    name: "memcached",
    command: ({ port }) => [
      "memcached",
      ...(process.getuid?.() === 0 ? ["-u", "nobody"] : []),
      ...["-l", "127.0.0.1", "-p", String(port), "-U", "0", "-m", "64"],
      ...more,
    ],
  };
}
