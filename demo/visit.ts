import type { Request } from "express";
import type { Session } from "sojourn";
import type { Trail } from "./session-log.ts";
import { type Shop, TIMEOUTS } from "./sessions.ts";
import type { Services } from "./visitor.ts";

/** Longer ones are no description of a browser. */
const MAX_DEVICE_LENGTH = 200;

/** What the panel shows of a session. Times are epoch ms. */
export interface Visit {
  /** Nothing is known of it where the visitor has no session. */
  readonly facts: VisitFacts | undefined;
  readonly trail: Trail;
  /** The browser, as it describes itself. */
  readonly device: string | undefined;
  readonly visits: number;
  readonly race: Race | undefined;
}

export interface VisitFacts {
  readonly id: string;
  readonly createdAt: number;
  readonly authenticatedAt: number | undefined;
  readonly persistent: boolean;
  readonly idle: Countdown;
  readonly absolute: Countdown;
}

export interface Countdown {
  readonly leftMs: number;
  readonly ofMs: number;
}

/** How many of the last twenty clicks at once were kept. */
export interface Race {
  readonly byUpdate: number;
  readonly bySet: number;
}

/** The visit as the session tells it. Stores nothing, so a stranger remains one. */
export async function visitOf(req: Request, { sessions, log }: Services): Promise<Visit> {
  const session = await sessions.open(req);
  const isKept = !session.isNew && !session.isEnded;
  return {
    facts: isKept ? factsOf(session) : undefined,
    trail: isKept ? log.of(session.id) : { entries: [] },
    device: req.get("user-agent")?.slice(0, MAX_DEVICE_LENGTH),
    visits: session.get("visits"),
    race: session.get("isRaced")
      ? { byUpdate: session.get("clicks"), bySet: session.get("naiveClicks") }
      : undefined,
  };
}

function factsOf(session: Session<Shop>): VisitFacts {
  const now = Date.now();
  const { id, createdAt, authenticatedAt, persistent } = session;
  const { idleTimeout, absoluteTimeout } = TIMEOUTS[persistent ? "remembered" : "visit"];
  return {
    id,
    createdAt,
    authenticatedAt,
    persistent,
    idle: { leftMs: session.expiresAt - now, ofMs: idleTimeout },
    absolute: { leftMs: createdAt + absoluteTimeout - now, ofMs: absoluteTimeout },
  };
}
