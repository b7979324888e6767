import type { Engine } from "../../core/engine.ts";
import { type Exchange, NO_REPLY, type Reply, type RequestHead } from "../../core/exchange.ts";
import { type Carrier, type Identity, newIdentity, type Passage } from "../../core/passage.ts";
import type { Home, Records } from "../../core/records.ts";

/** The handshake of a live connection, and what it was found to open. It answers to nobody. */
export class Handshake implements Exchange {
  readonly request: RequestHead;
  readonly identity: Identity;

  constructor(request: RequestHead, identity: Identity) {
    this.request = request;
    this.identity = identity;
  }

  get reply(): Reply {
    return NO_REPLY;
  }
}

/**
 * The engine as live connections ask it: their sessions come by what the handshake was found to open,
 * and not by its cookies again. Tokens are no matter of theirs: a token that was given up would look as
 * if somebody had kept a copy.
 */
export function liveEngine(engine: Engine): Engine {
  const carrier: Carrier = {
    arrive: (exchange, home) => new HandshakePassage(engine, identitiesOf(exchange), home),
  };
  return { ...engine, carrier, protections: undefined };
}

function identitiesOf(exchange: Exchange): readonly Identity[] {
  return exchange instanceof Handshake ? [exchange.identity] : [];
}

/** Nothing leaves by it. */
class HandshakePassage implements Passage {
  readonly presented: readonly Identity[];
  readonly rejected = [];
  readonly hasSurplus = false;
  readonly records: Records;
  readonly writesNeedHeaders = false;
  readonly obstacle = undefined;
  readonly #engine: Engine;

  constructor(engine: Engine, presented: readonly Identity[], home: Home) {
    this.#engine = engine;
    this.presented = presented;
    this.records = home;
  }

  issue(): Identity {
    return newIdentity(this.#engine.environment.random, this.#engine.name);
  }

  leave(): boolean {
    return false;
  }
}
