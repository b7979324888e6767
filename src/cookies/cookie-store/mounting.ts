import { CommitQueue } from "../../core/commit-queue.ts";
import type { Engine } from "../../core/engine.ts";
import type { SessionStore } from "../../core/store.ts";
import { KeyRing } from "../../sealing/key-ring.ts";
import { Sealer } from "../../sealing/sealer.ts";
import type { Mounted, MountParts } from "../mount.ts";
import { CookieAdministration } from "./administration.ts";
import { CookieSealer } from "./cookie-sealer.ts";
import { Cookies } from "./cookies.ts";
import { written } from "./letter.ts";
import { NearAnswers } from "./near-answers.ts";
import { noStore } from "./no-store.ts";
import { type CookieTools, RequestCarrier } from "./request-carrier.ts";
import { RequestRecords } from "./request-records.ts";
import { Revocations } from "./revocations.ts";
import { cookiesFor, type Room } from "./size.ts";

/** The options of a cookie store, checked. */
export interface CookieSettings {
  readonly revocations: SessionStore | undefined;
  readonly maxStalenessMs: number;
  readonly room: Pick<Room, "chunks" | "maxBytes">;
}

/** Puts the parts of a cookie store together. */
export function mountCookies(
  { revocations: store, maxStalenessMs, room }: CookieSettings,
  { carrier, keys, audience, settings, environment }: MountParts,
): Mounted {
  const { name, policies } = settings;
  const longestMs = Math.max(
    ...Object.values(policies).map(({ absoluteTimeoutMs }) => absoluteTimeoutMs),
  );
  const cookies = new Cookies(carrier, { ...environment, name }, room);
  const seals = new Sealer(new KeyRing("keys", keys), environment.random);
  const sealer = new CookieSealer(seals, cookies, audience);
  const tools: CookieTools = { manager: name, cookies, sealer, longestMs };
  const revocations = store && new Revocations(store, new NearAnswers(maxStalenessMs), longestMs);
  return {
    store: store ?? noStore(),
    carrier: cookies.one,
    travelling: {
      recordsIn: "cookie",
      forRequest: (engine) => engineOf(engine, tools, revocations),
      administration: (engine) => new CookieAdministration(engine, revocations),
    },
  };
}

/** The parts that hold one request's records in place of a store's. */
function engineOf(
  engine: Engine,
  tools: CookieTools,
  revocations: Revocations | undefined,
): Engine {
  const { environment, events } = engine;
  const records = new RequestRecords(revocations, (record) => {
    cookiesFor(written(undefined, record), record, tools.cookies.room);
  });
  const carrier = new RequestCarrier(tools, records, (reason) =>
    events.emit("rejected", { at: environment.now(), reason, id: undefined }),
  );
  const keeper = engine.keeper.over(records);
  const parts = { ...engine, keeper, origin: keeper, carrier };
  return { ...parts, queue: new CommitQueue(parts) };
}
