/**
 * An identity provider in a process of its own: `node provider.ts <settings as JSON>`. Its refresh
 * tokens are good for one use each; whoever sends one a second time ends the whole family of tokens
 * that came from one sign-in (RFC 9700, 4.14.2), unless there is a grace for that.
 */
import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { setTimeout as pause } from "node:timers/promises";
import { ACCESS_MS, now, type Tokens } from "./tokens.ts";

/** How the provider behaves. */
export interface ProviderSettings {
  /** How long a refresh takes. */
  readonly delayMs: number;
  /** How long one takes that hangs. */
  readonly hangMs: number;
  /** For how long after its use the last refresh token gets the same answer again. 0: no grace. */
  readonly graceMs: number;
}

/** What an application sends to refresh. */
export interface RefreshRequest {
  readonly token: string;
  /** The time as the round tells it. */
  readonly at: number;
  /** Whether the sender knows that somebody may have sent the token before. */
  readonly isKnowing: boolean;
  readonly hangs: boolean;
}

/** What the provider has seen of one family of tokens. */
export interface FamilyReport {
  /** Whether its tokens are still good. */
  readonly isLive: boolean;
  readonly current: Tokens;
  readonly refreshes: number;
  /** How many of them brought a token that had come before, though the sender did not know. */
  readonly sentTwice: number;
  /** How many brought one that may have come before, as the sender knew. */
  readonly sentKnowingly: number;
  /** When the first answer with new tokens left, by the time that these were granted at. */
  readonly answered: Readonly<Record<number, number>>;
}

class Family {
  readonly id: string = randomBytes(8).toString("hex");
  current: Tokens;
  isLive = true;
  refreshes = 0;
  sentTwice = 0;
  sentKnowingly = 0;
  readonly answered: Record<number, number> = {};
  readonly #graceMs: number;
  readonly #sent = new Set<string>();
  #last: { readonly token: string; readonly rotatedAt: number } | undefined;

  constructor(at: number, graceMs: number) {
    this.#graceMs = graceMs;
    this.current = this.#grant(at);
  }

  /** New tokens for a refresh token of this family; `undefined` where that has ended. */
  refresh({ token, at, isKnowing }: RefreshRequest): Tokens | undefined {
    this.refreshes += 1;
    if (isKnowing) this.sentKnowingly += 1;
    else if (this.#sent.has(token)) this.sentTwice += 1;
    this.#sent.add(token);
    if (!this.isLive) return undefined;
    if (token === this.current.refresh) {
      this.#last = { token, rotatedAt: performance.now() };
      this.current = this.#grant(at);
      return this.current;
    }
    if (this.#isInGrace(token)) return this.current;
    this.isLive = false;
    return undefined;
  }

  #isInGrace(token: string): boolean {
    if (this.#last?.token !== token) return false;
    return performance.now() - this.#last.rotatedAt < this.#graceMs;
  }

  #grant(at: number): Tokens {
    const fresh = (): string => `${this.id}.${randomBytes(24).toString("base64url")}`;
    return { access: fresh(), refresh: fresh(), expiresAt: at + ACCESS_MS };
  }
}

const settings: ProviderSettings = JSON.parse(process.argv[2] ?? "");
const families = new Map<string, Family>();
const tickets = new Set<number>();

const ROUTES: Readonly<Record<string, (body: never) => Promise<unknown> | unknown>> = {
  "/sign-in": ({ at }: { readonly at: number }): Tokens => {
    const family = new Family(at, settings.graceMs);
    families.set(family.id, family);
    return family.current;
  },
  "/token": async (request: RefreshRequest): Promise<Tokens | { readonly error: string }> => {
    const family = familyOf(request.token);
    // It is decided when the request comes, and told later.
    const tokens = family.refresh(request);
    await pause(request.hangs ? settings.hangMs : settings.delayMs);
    if (tokens === undefined) return { error: "invalid_grant" };
    family.answered[request.at] ??= now();
    return tokens;
  },
  "/report": ({ access }: { readonly access: string }): FamilyReport => {
    const { isLive, current, refreshes, sentTwice, sentKnowingly, answered } = familyOf(access);
    return { isLive, current, refreshes, sentTwice, sentKnowingly, answered };
  },
  /** Whether the asker is the one of its round who is to meet the fault. */
  "/ticket": ({ at }: { readonly at: number }): boolean => {
    const isFirst = !tickets.has(at);
    tickets.add(at);
    return isFirst;
  },
};

function familyOf(token: string): Family {
  const family = families.get(token.split(".")[0] ?? "");
  if (family === undefined) throw new Error("This token is of no family.");
  return family;
}

async function answer(request: IncomingMessage): Promise<unknown> {
  const route = ROUTES[request.url ?? ""];
  if (route === undefined) throw new Error(`There is no ${request.url}.`);
  return route((await json(request)) as never);
}

const server = createServer((request, response) => {
  answer(request).then(
    (body) => response.end(JSON.stringify(body)),
    (error: unknown) => response.writeHead(500).end(String(error)),
  );
});
// A connection that lies idle is not closed while the next request is on its way.
server.keepAliveTimeout = 0;
// Nobody outlives the run.
process.on("disconnect", () => process.exit());
// More at once than a server's usual queue takes.
server.listen({ port: 0, host: "127.0.0.1", backlog: 1_024 }, () => {
  process.send?.((server.address() as AddressInfo).port);
});
