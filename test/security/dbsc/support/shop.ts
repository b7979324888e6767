import type { IncomingMessage, ServerResponse } from "node:http";
import { sessionMiddleware } from "../../../../src/frameworks/node.ts";
import {
  createSessions,
  memoryStore,
  type SessionEvents,
  type Sessions,
  type Untyped,
} from "../../../../src/index.ts";
import {
  type DeviceBoundOptions,
  dbscMiddleware,
  deviceBound,
} from "../../../../src/security/dbsc/index.ts";
import { type Certificate, type Listener, Site } from "./site.ts";

/** What a test lets the server say in place of an answer of ours; `false` where ours is to be said. */
export type InPlace = (req: IncomingMessage, res: ServerResponse) => unknown;

/** What would tell of a sign-out that nobody wanted. */
const ALARMS = ["rejected", "revoked", "destroyed", "proofMissing"] as const;

const HEAD =
  '<!doctype html><link rel="icon" href="data:,"><meta charset="utf-8"><title>Shop</title>';

/** An application with bound sessions, over https, whose clock a test can move. */
export class Shop {
  readonly sessions: Sessions<Untyped>;
  readonly alarms: { readonly name: string; readonly reason?: unknown }[] = [];
  readonly site: Site;
  /** What refreshes, and registrations, are answered with. */
  refreshing: InPlace | undefined;
  registering: InPlace | undefined;
  #aheadMs = 0;
  #pages: Record<string, string> = {};

  private constructor(site: Site, options: DeviceBoundOptions) {
    this.site = site;
    this.sessions = createSessions<Untyped>({
      store: memoryStore(),
      clock: { now: () => Date.now() + this.#aheadMs },
      onError: () => undefined,
      protections: [deviceBound(options)],
    }) as Sessions<Untyped>;
    for (const name of ALARMS) {
      this.sessions.on(name, (event: SessionEvents[typeof name]) => {
        this.alarms.push({ name, ...event });
      });
    }
  }

  static async open(certificate: Certificate, options: DeviceBoundOptions = {}): Promise<Shop> {
    const site = await Site.start(certificate, () => undefined);
    const shop = new Shop(site, options);
    site.listener = shop.#listener();
    return shop;
  }

  /** Moves the server's clock. */
  move(ms: number): void {
    this.#aheadMs += ms;
  }

  /** Shows something under a path, to whoever comes. */
  show(path: string, html: string): void {
    this.#pages[path] = html;
  }

  /** The refreshes that came, by the status of their answers. */
  get refreshes(): number[] {
    return this.site.of("/dbsc/refresh").map(({ status }) => status);
  }

  #listener(): Listener {
    const dbsc = dbscMiddleware(this.sessions);
    const withSessions = sessionMiddleware(this.sessions);
    return (req, res) => {
      const path = (req.url ?? "/").split("?")[0] ?? "/";
      const inPlace = path.startsWith("/dbsc/register") ? this.registering : this.refreshing;
      if (path.startsWith("/dbsc/") && inPlace !== undefined && inPlace(req, res) !== false) return;
      return dbsc(req, res, () => withSessions(req, res, () => this.#answer(path, req, res)));
    };
  }

  async #answer(path: string, req: IncomingMessage, res: ServerResponse): Promise<void> {
    res.setHeader("Content-Type", "text/html; charset=utf-8");
    const shown = this.#pages[path];
    if (shown !== undefined) {
      res.end(HEAD + shown);
      return;
    }
    // What an application says of all its pages holds for those that failed, too.
    res.setHeader(
      "Content-Security-Policy",
      "default-src 'none'; script-src 'unsafe-inline'; connect-src 'self'",
    );
    const session = await this.sessions.open(req);
    if (path === "/in") await session.signIn("ada");
    if (path === "/out") await session.signOut();
    if (req.method === "POST") await session.update("posts", (n = 0) => n + 1);
    res.end(`${HEAD}<body>${session.userId ?? "nobody"}`);
  }

  close(): void {
    this.site.close();
  }
}
