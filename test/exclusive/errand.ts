import type { RefreshRequest } from "./provider.ts";
import { AT_HEADER, FAULT_HEADER, type Fault, now, type Reply, type Tokens } from "./tokens.ts";

/** How a refresh is sent. */
export interface RefreshOptions {
  readonly signal?: AbortSignal | undefined;
  /** Whether the sender knows that the token may have been sent before. */
  readonly isKnowing?: boolean | undefined;
}

/** How long the commit is on its way when the process is killed in it: from 0 up to this, in ms. */
const LONGEST_COMMIT_MS = 4;

const NEVER = new Promise<never>(() => undefined);

/** The provider has ended the visitor's tokens. */
export class GrantEndedError extends Error {}

/**
 * What one request wants: an access token that is good. It knows the provider, what time it is in
 * this round, and what is to go wrong.
 */
export class Errand {
  readonly #provider: string;
  readonly #at: number;
  readonly #fault: Fault | undefined;
  #from: number | undefined;
  #isDying = false;

  constructor(provider: string, request: Request) {
    this.#provider = provider;
    this.#at = Number(request.headers.get(AT_HEADER));
    this.#fault = (request.headers.get(FAULT_HEADER) as Fault | null) ?? undefined;
  }

  /** Whether the access token has ended. From then on the request waits for another. */
  isStale({ expiresAt }: Tokens): boolean {
    const isStale = expiresAt <= this.#at;
    if (isStale) this.#from ??= now();
    return isStale;
  }

  /** @throws GrantEndedError where the provider refuses the token. */
  async refresh(token: string, options: RefreshOptions = {}): Promise<Tokens> {
    const { signal = null, isKnowing = false } = options;
    await this.reach("before the call");
    const hangs = await this.#meets("the call hangs");
    const request: RefreshRequest = { token, at: this.#at, isKnowing, hangs };
    const answer = await ask<Tokens | { readonly error: string }>(
      this.#provider,
      "/token",
      request,
      signal,
    );
    await this.reach("after the call");
    if ("error" in answer) throw new GrantEndedError(answer.error);
    return answer;
  }

  /** Ends the process here, as a crash does, if that is the fault of this round. */
  async reach(point: Fault): Promise<void> {
    if (!(await this.#meets(point))) return;
    if (point === "in the commit") {
      this.#isDying = true;
      setTimeout(die, Math.random() * LONGEST_COMMIT_MS);
      return;
    }
    die();
    await NEVER;
  }

  /** Lets nobody have the answer who is about to die, so that it dies in its own round. */
  async survive(): Promise<void> {
    if (this.#isDying) await NEVER;
  }

  /** What the request came to. */
  reply(tokens: Tokens | undefined): Reply {
    return { tokens, from: this.#from, to: now() };
  }

  /** One request of a round meets its fault, whoever comes there first. */
  async #meets(point: Fault): Promise<boolean> {
    if (this.#fault !== point) return false;
    return ask<boolean>(this.#provider, "/ticket", { at: this.#at });
  }
}

/** Asks the provider something. */
export async function ask<Answer>(
  provider: string,
  path: string,
  body: unknown,
  signal: AbortSignal | null = null,
): Promise<Answer> {
  const init = { method: "POST", body: JSON.stringify(body), signal };
  const response = await fetch(`${provider}${path}`, init);
  if (!response.ok) throw new Error(`The provider fails: ${await response.text()}`);
  return (await response.json()) as Answer;
}

function die(): void {
  process.kill(process.pid, "SIGKILL");
}
