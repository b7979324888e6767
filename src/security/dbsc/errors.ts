import { nameErrors } from "../../core/error-kinds.ts";
import { SessionError } from "../../core/errors.ts";
import type { Reply } from "../../core/exchange.ts";

/** A header of the answer, or a cookie. */
export type AnswerLine = readonly [name: string, value: string];

const ABOUT: Readonly<Record<DeviceProofError["reason"], string>> = {
  again: "the browser is told to ask once more, and proves on the way that it holds the key",
  later: "the browser could not prove that it holds the key, and says so",
  blocked: "the request came without what proves that its browser holds the key",
  proof: "the request came without a proof of the page's key that fits it",
  nonce: "the proof of the page's key was not made with a nonce of the last minutes",
};

const STATUS: Readonly<Record<DeviceProofError["reason"], DeviceProofError["status"]>> = {
  again: 403,
  later: 503,
  blocked: 403,
  proof: 401,
  nonce: 401,
};

/**
 * A request for a session that is bound to a device came without a proof that counts. Nothing was
 * read or written, and the session is as it was.
 *
 * Whoever writes the answer, its headers say what the browser is to do. An error page of your own
 * answers with `error.status`, as for any other failure.
 *
 * @example
 * const proofErrors: ErrorRequestHandler = (error, _req, res, next) => {
 *   if (error instanceof DeviceProofError) res.status(error.status).send("One moment, please.");
 *   else next(error);
 * };
 */
export class DeviceProofError extends SessionError {
  static {
    nameErrors(DeviceProofError, "DeviceProofError");
  }

  readonly code = "ERR_SESSION_DEVICE";
  /** 503 where the browser is to come back later; 401 for a proof of `requireProof`; else 403. */
  readonly status: 401 | 403 | 503;
  /**
   * `again`: a page that the browser asks for once more by itself. `later`: the browser says that it
   * could not prove its key. `blocked`: what is no page, and came without. `proof` and `nonce`: of
   * `requireProof`.
   */
  readonly reason: "again" | "later" | "blocked" | "proof" | "nonce";
  readonly #lines: readonly AnswerLine[];

  constructor(reason: DeviceProofError["reason"], lines: readonly AnswerLine[] = []) {
    super(`The session is bound to a device, and is not opened: ${ABOUT[reason]}.`);
    this.reason = reason;
    this.status = STATUS[reason];
    this.#lines = lines;
  }

  override get sentence(): string | undefined {
    if (this.reason === "later") return undefined;
    return this.reason === "again" ? "One moment, please." : "Please reload the page.";
  }

  override leave(reply: Reply): void {
    reply.set("Cache-Control", "no-store");
    for (const [name, value] of this.#lines) {
      if (name === "Set-Cookie") reply.addCookie(value);
      else reply.set(name, value);
    }
  }
}
