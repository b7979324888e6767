import { OptionsError } from "../../core/errors.ts";
import { requiredSecret } from "../foreign/text-options.ts";
import type { PySecret } from "../python/itsdangerous/derived-key.ts";
import { TornadoSigner } from "./tornado-signer.ts";

/** How a Tornado application signs its cookies, in the words of its settings. */
export interface TornadoSigningOptions {
  /** `cookie_secret`: one, or several by their versions. Text stands for its UTF-8. */
  readonly cookieSecret: PySecret | Readonly<Record<number, PySecret>>;
  /** `key_version`: which of several secrets signs. */
  readonly keyVersion?: number | undefined;
  /**
   * `min_version` of `get_signed_cookie`: the oldest form that is read. 1 is of Tornado before 3.2,
   * and signed with SHA-1.
   *
   * @defaultValue `1`
   */
  readonly minVersion?: 1 | 2 | undefined;
  /**
   * `max_age_days` of `get_signed_cookie`: a cookie that was signed longer ago is not read.
   *
   * @defaultValue `31`
   */
  readonly maxAgeDays?: number | undefined;
}

/** The names of {@link TornadoSigningOptions}. */
export const SIGNING_OPTIONS: readonly string[] = [
  "cookieSecret",
  "keyVersion",
  "minVersion",
  "maxAgeDays",
];

/** The same, checked. */
export interface TornadoSigning {
  readonly signer: TornadoSigner;
  readonly minVersion: 1 | 2;
  readonly maxAgeDays: number;
}

/** Checks how cookies are signed. */
export function resolveSigning(group: string, options: TornadoSigningOptions): TornadoSigning {
  const { minVersion = 1, maxAgeDays = 31 } = options;
  if (minVersion !== 1 && minVersion !== 2) {
    throw new OptionsError(`${group}.minVersion`, "must be 1 or 2.");
  }
  return {
    signer: signerOf(group, options),
    minVersion,
    maxAgeDays: daysOf(`${group}.maxAgeDays`, maxAgeDays),
  };
}

/** `days` where it is a count of days, be it of half ones. */
export function daysOf(option: string, days: number): number {
  if (typeof days === "number" && days > 0 && days <= MAX_DAYS) return days;
  throw new OptionsError(option, `must be a number of days, above 0 and at most ${MAX_DAYS}.`);
}

/** Browsers keep no cookie longer. */
const MAX_DAYS = 400;

function signerOf(
  group: string,
  { cookieSecret, keyVersion }: TornadoSigningOptions,
): TornadoSigner {
  const option = `${group}.cookieSecret`;
  if (!isSeveral(cookieSecret)) {
    if (keyVersion === undefined) return new TornadoSigner(requiredSecret(option, cookieSecret));
    throw new OptionsError(`${group}.keyVersion`, "chooses among several secrets; there is one.");
  }
  const secrets = new Map<number, PySecret>();
  for (const [version, secret] of Object.entries(cookieSecret)) {
    if (!/^(?:0|[1-9][0-9]{0,8})$/.test(version)) {
      throw new OptionsError(option, "must have versions for its keys: whole numbers.");
    }
    secrets.set(Number(version), requiredSecret(`${option}[${version}]`, secret));
  }
  if (keyVersion !== undefined && secrets.has(keyVersion)) {
    return new TornadoSigner({ secrets, keyVersion });
  }
  throw new OptionsError(`${group}.keyVersion`, "must be the version of one of the secrets.");
}

function isSeveral(
  cookieSecret: TornadoSigningOptions["cookieSecret"],
): cookieSecret is Readonly<Record<number, PySecret>> {
  const isObject = typeof cookieSecret === "object" && cookieSecret !== null;
  return isObject && !(cookieSecret instanceof Uint8Array) && !Array.isArray(cookieSecret);
}
