import type { Duration } from "./duration.ts";
import type { HandOffRejection } from "./events.ts";
import type { Session } from "./session.ts";

/** How to wait for a sign-in from elsewhere. */
export interface ExpectHandOffOptions {
  /** Who is to be signed in to: the name that `handOff` is given, such as `"https://shop.example"`. */
  readonly audience: string;
}

/** How to hand a sign-in on. */
export interface HandOffOptions<D extends object> {
  /** Who may redeem the code, by a name that both sides know, such as `"https://shop.example"`. */
  readonly audience: string;
  /**
   * The challenge that the receiving side has sent along: what `expectHandOff` gave there, or
   * BASE64URL(SHA256(verifier)) of an app that keeps its own (RFC 7636, S256).
   */
  readonly challenge: string;
  /** How long the code may be redeemed, at most `"10m"`. @defaultValue `"60s"` */
  readonly ttl?: Duration | undefined;
  /** Keys whose values the new session is to have. @defaultValue none */
  readonly keep?: readonly (keyof D & string)[] | undefined;
}

/** How to redeem a code. */
export interface RedeemOptions {
  /**
   * What an app made beforehand that waits with no session: 43 to 128 characters (RFC 7636, 4.1).
   * Whatever is not the right one, as a client may send it, signs nobody in.
   *
   * @defaultValue that of the visitor's session, by `expectHandOff`
   */
  readonly verifier?: unknown;
  /** Who redeems: needed with `verifier`. @defaultValue as it was said in `expectHandOff` */
  readonly audience?: string | undefined;
  /**
   * What becomes of a session that another user is signed in to here: it may `stay`, and the code is
   * refused and not used up, or `end`.
   *
   * @defaultValue `"stay"`
   */
  readonly otherUser?: "stay" | "end" | undefined;
}

/** What has become of a code: a session that its user is signed in to, or why there is none. */
export type Redemption<D extends object> =
  | { readonly ok: true; readonly session: Session<D> }
  | { readonly ok: false; readonly reason: HandOffRejection };
