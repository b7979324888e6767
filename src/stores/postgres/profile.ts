import type { StoreProfile } from "../../core/store.ts";
import type { Recognized } from "./clients.ts";

/** Of those that have a connection to spare for it. */
const ANNOUNCED_AFTER =
  "What ended just before its process died is not announced; the records tell, as always.";

const SERVER: StoreProfile = {
  scope: "network",
  durability: "power-loss",
  readYourWrites: "always",
  eviction: "never",
  caveats: [
    "The server's fsync and synchronous_commit decide what outlives a loss of power.",
    "After a failover to an asynchronous standby the last writes may be missing, an end among " +
      'them; synchronousEnds: "on" with a synchronous standby keeps the ends.',
    "Connect to the primary: a read from a standby may be late.",
  ],
};

const POOL: StoreProfile = { ...SERVER, caveats: [...SERVER.caveats, ANNOUNCED_AFTER] };

const CLIENT: StoreProfile = {
  ...SERVER,
  caveats: [
    ...SERVER.caveats,
    "One Client never reconnects, runs one statement at a time, and serves no session while the " +
      "application has a transaction open on it; pass a Pool.",
  ],
};

const POSTGRES_JS_CAVEATS = [
  ...SERVER.caveats,
  ANNOUNCED_AFTER,
  "A transaction that is left open on a connection from sql.reserve() undoes what is written " +
    "through that connection afterwards.",
  "postgres.js tells of a lost listening connection only when it is there again.",
];

const POSTGRES_JS: StoreProfile = {
  ...SERVER,
  caveats: [
    ...POSTGRES_JS_CAVEATS,
    "Each time its connections are cut postgres.js may lose some for good, until nothing is answered " +
      "and the process must be restarted; pass a Pool of pg, or a function that makes the sql.",
  ],
};

const POSTGRES_JS_FACTORY: StoreProfile = {
  ...SERVER,
  caveats: [
    ...POSTGRES_JS_CAVEATS,
    "Each time its connections are cut postgres.js may lose some for good; when nothing has been " +
      "answered for two deadlines the store has a new sql made.",
  ],
};

const PGLITE: StoreProfile = {
  scope: "process",
  durability: "process",
  readYourWrites: "always",
  eviction: "never",
  caveats: [
    "PGlite keeps its data where it is told to; without a folder it ends with its process.",
    "What is written while the application has a BEGIN open goes with its ROLLBACK; use " +
      "pglite.transaction.",
  ],
};

/** How far the laws are kept, through each kind of client. */
export function profileOf(kind: Recognized["kind"]): StoreProfile {
  switch (kind) {
    case "pool":
      return POOL;
    case "client":
      return CLIENT;
    case "postgres.js":
      return POSTGRES_JS;
    case "postgres.js factory":
      return POSTGRES_JS_FACTORY;
    case "pglite":
      return PGLITE;
    default:
      return kind satisfies never;
  }
}
