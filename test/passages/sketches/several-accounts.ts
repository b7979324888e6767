// Comes: a token for each account, each in a cookie of its own. Goes: the cookie of the account that the address names.
import { type CarrierParts, CookieCarrier } from "../../../src/cookies/cookie-carrier.ts";
import type { CarrierOptions } from "../../../src/cookies/cookie-rules.ts";
import type { Exchange } from "../../../src/core/exchange.ts";
import type { Carrier, Passage } from "../../../src/core/passage.ts";
import type { Home } from "../../../src/core/records.ts";
import type { SessionView } from "../../../src/core/session.ts";
import type { Sessions } from "../../../src/core/sessions.ts";

const MOST = 8;
const PLACE = /^\/u\/([0-7])(?:[/?]|$)/;

/** Carries up to eight sessions of one browser, of which a request opens one: below `/u/3/` the fourth. */
export class AccountsCarrier implements Carrier {
  readonly #carriers: readonly CookieCarrier[];

  constructor(options: CarrierOptions, parts: CarrierParts) {
    // Of a name of its own: a token is of no use in another account's cookie.
    this.#carriers = Array.from(
      { length: MOST },
      (_, place) => new CookieCarrier(options, { ...parts, name: `${parts.name}-${place}` }),
    );
  }

  arrive(exchange: Exchange, home: Home): Passage {
    return this.at(placeIn(exchange.request.target)).arrive(exchange, home);
  }

  at(place: number): CookieCarrier {
    const carrier = this.#carriers[place];
    if (carrier === undefined) throw new RangeError(`There is no account ${place}.`);
    return carrier;
  }
}

/** All accounts of a browser, for a page that lets the visitor choose: each is read as by its own address. */
export function accountsOf<D extends object>(
  sessions: Sessions<D>,
  { url, headers }: Request,
): Promise<readonly (SessionView<D> | undefined)[]> {
  const places = Array.from({ length: MOST }, (_, place) => new URL(`/u/${place}/`, url));
  return Promise.all(places.map((place) => sessions.read(new Request(place, { headers }))));
}

function placeIn(target: string): number {
  return Number(PLACE.exec(target)?.[1] ?? 0);
}
