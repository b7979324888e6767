import type { PySecret } from "../python/itsdangerous/derived-key.ts";
import type { OldCookiePlace } from "./adoptable.ts";
import type { AdoptionMap } from "./old-session.ts";

/** What the options of each `…Cookie` say beside the framework's own settings. */
export interface AdoptionWords<D extends object> {
  /**
   * Makes our data of an old session's; `undefined` leaves that as it is. Its values are what the
   * other framework has stored, of no type that anybody has checked.
   */
  readonly map: AdoptionMap<D>;
  /**
   * With what the tokens of adopted sessions are made. It stays the same for as long as old cookies
   * come.
   *
   * @defaultValue the framework's own secret
   */
  readonly adoptionSecret?: PySecret | undefined;
  /**
   * Where the browser holds the old cookie: the framework's own Domain and Path.
   *
   * @defaultValue the request's host, and `"/"`
   */
  readonly sessionCookiePlace?: OldCookiePlace | undefined;
}

/** Tells these words and the framework's own settings apart. */
export function adoptionFrom<D extends object, Options extends AdoptionWords<D>>(
  options: Options & AdoptionWords<D>,
): readonly [Words<D>, Omit<Options, keyof AdoptionWords<D>>] {
  const { map, adoptionSecret, sessionCookiePlace, ...settings } = options;
  const secret = adoptionSecret === undefined ? {} : { secret: adoptionSecret };
  return [{ map, cookie: sessionCookiePlace, ...secret }, settings];
}

interface Words<D extends object> {
  readonly map: AdoptionMap<D>;
  readonly cookie: OldCookiePlace | undefined;
  readonly secret?: PySecret;
}
