// Comes: `Authorization: Bearer <token>`. Goes: the token, or its end, in a header of the response.

import type { Rejection } from "../../../src/core/events.ts";
import type { Exchange } from "../../../src/core/exchange.ts";
import type { Carrier, Farewell, Identity, Passage } from "../../../src/core/passage.ts";
import type { Home } from "../../../src/core/records.ts";
import type { RandomBytes } from "../../../src/core/token.ts";
import { newToken, parseToken, type SessionToken, sessionId } from "../../../src/core/token.ts";

const BEARER = /^Bearer +(\S+)$/i;

/** For an application on a phone, or another server: whoever keeps no cookies. */
export class HeaderCarrier implements Carrier {
  readonly name: string;
  readonly random: RandomBytes;

  constructor(name: string, random: RandomBytes) {
    this.name = name;
    this.random = random;
  }

  arrive(exchange: Exchange, home: Home): Passage {
    return new HeaderPassage(this, exchange, home);
  }
}

class HeaderPassage implements Passage {
  readonly presented: readonly Identity[];
  readonly rejected: readonly Rejection[];
  readonly hasSurplus = false;
  readonly records: Home;
  readonly writesNeedHeaders = false;
  readonly obstacle: string | undefined;
  readonly #carrier: HeaderCarrier;
  readonly #exchange: Exchange;

  constructor(carrier: HeaderCarrier, exchange: Exchange, home: Home) {
    this.#carrier = carrier;
    this.#exchange = exchange;
    this.records = home;
    const { request } = exchange;
    this.obstacle = request.isEncrypted === false ? "a token travels over HTTPS alone" : undefined;
    const given = BEARER.exec(request.header("authorization") ?? "")?.[1];
    const token = given === undefined ? undefined : parseToken(given);
    const isBelieved = token !== undefined && this.obstacle === undefined;
    this.presented = isBelieved ? [this.#identityOf(token)] : [];
    if (given === undefined || isBelieved) this.rejected = [];
    else this.rejected = [token === undefined ? "malformed" : "insecure"];
  }

  issue(): Identity {
    return this.#identityOf(newToken(this.#carrier.random));
  }

  leave({ cookie, token, maxAgeMs }: Farewell): boolean {
    const { reply } = this.#exchange;
    const vary = reply.get("Vary");
    reply.set("Vary", vary === undefined ? "Authorization" : `${vary}, Authorization`);
    if (cookie === "keep" || this.obstacle !== undefined) return false;
    reply.set("Session-Token", cookie === "send" ? (token ?? "") : "");
    if (maxAgeMs !== undefined) reply.set("Session-Max-Age", String(Math.ceil(maxAgeMs / 1_000)));
    return true;
  }

  #identityOf(token: SessionToken): Identity {
    return { token, id: sessionId(token, this.#carrier.name) };
  }
}
