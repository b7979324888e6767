import { OptionsError } from "../../core/errors.ts";
import { requiredSecret } from "../foreign/text-options.ts";
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
   * With what the tokens of adopted sessions are made: best a secret of its own, of 32 random bytes.
   * Whoever knows it and can guess what an old session held can make the token of the adopted one, so
   * it stays secret for as long as those live. It stays the same for as long as old cookies come:
   * with another one, a whole cookie whose user has signed out here is let in once more. So it is with
   * the framework's own secret where a new one is put before it.
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

/** Checks these words, and tells them and the framework's own settings apart. */
export function adoptionFrom<D extends object, Options extends AdoptionWords<D>>(
  group: string,
  options: Options & AdoptionWords<D>,
): readonly [Words<D>, Omit<Options, keyof AdoptionWords<D>>] {
  if (typeof options !== "object" || options === null)
    throw new OptionsError(group, "must be an object.");
  const { map, adoptionSecret, sessionCookiePlace, ...settings } = options;
  if (typeof map !== "function") {
    throw new OptionsError(
      `${group}.map`,
      "must be a function that makes our data of an old session's.",
    );
  }
  const isGiven = adoptionSecret !== undefined;
  const secret = isGiven ? requiredSecret(`${group}.adoptionSecret`, adoptionSecret) : undefined;
  return [{ map, cookie: sessionCookiePlace, ...(secret && { secret }) }, settings];
}

interface Words<D extends object> {
  readonly map: AdoptionMap<D>;
  readonly cookie: OldCookiePlace | undefined;
  readonly secret?: PySecret;
}
