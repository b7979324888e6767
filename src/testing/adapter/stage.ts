import { OptionsError } from "../../core/errors.ts";
import type { ErrorContext, ErrorListener } from "../../core/report.ts";
import type { Session } from "../../core/session.ts";
import type { Sessions } from "../../core/sessions.ts";
import { createSessions, type SessionOptions } from "../../create-sessions.ts";
import { memoryStore } from "../../stores/memory/index.ts";
import { type TestClient, type TestClientOptions, testClient } from "../client.ts";
import { testClock } from "../clock.ts";
import type {
  AdapterAnswer,
  AdapterCall,
  AdapterData,
  AdapterServer,
  ServeRoutes,
} from "./port.ts";
import { WatchedStore } from "./watched-store.ts";

/** A visit to one of a test's own routes. */
export interface Call extends AdapterCall {
  /** The session of the first manager. */
  open(): Promise<Session<AdapterData>>;
}

/** A failure, as the application's operator hears of it. */
export interface Report {
  readonly error: Error;
  readonly context: ErrorContext;
}

/** What a test's route does. */
export type Handler = (call: Call) => AdapterAnswer | Promise<AdapterAnswer>;

/** The routes of one test, by their paths. */
export type Routes = Readonly<Record<string, Handler>>;

/** Tells one sentence of the story. */
export type Tell = (sentence: string, play: (stage: Stage) => Promise<void>) => void;

/** Where browsers believe the application to be: behind a proxy that ends TLS. */
export const ORIGIN = "https://shop.example";

const DEFAULTS: AdapterData = { visits: 0, name: "", cart: [] };

/** One application on the framework under test, with a store, a clock and browsers of its own. */
export class Stage {
  readonly clock: ReturnType<typeof testClock> = testClock();
  readonly store: WatchedStore = new WatchedStore(memoryStore());
  /** What the managers had to report, in order. */
  readonly reports: Report[] = [];
  readonly #serve: ServeRoutes;
  readonly #managers: Sessions<AdapterData>[] = [];
  #server: AdapterServer | undefined;

  constructor(serve: ServeRoutes) {
    this.#serve = serve;
  }

  /** A manager on the stage's store. */
  manager(options: SessionOptions = {}): Sessions<AdapterData> {
    const { clock, store } = this;
    const onError: ErrorListener = (error, context) => this.reports.push({ error, context });
    const shared = { clock, store, onError, trustProxy: "all" } as const;
    const sessions = createSessions<AdapterData>({ ...shared, ...options, defaults: DEFAULTS });
    this.#managers.push(sessions);
    return sessions;
  }

  /** Serves the routes with one manager, and gives a browser that has not been there yet. */
  async serve(routes: Routes, options: SessionOptions = {}): Promise<TestClient> {
    return this.serveWith([this.manager(options)], routes);
  }

  /** Serves the routes with any number of managers. */
  async serveWith(managers: readonly Sessions<AdapterData>[], routes: Routes): Promise<TestClient> {
    const [first = this.manager({ name: "unmounted" })] = managers;
    const list = Object.entries(routes).map(([path, handle]) => ({
      path,
      isMounted: path.startsWith("/mounted/"),
      handle: async (call: AdapterCall) => {
        const open = (): Promise<Session<AdapterData>> => first.open(call.request);
        return handle({ ...call, open });
      },
    }));
    this.#server = await this.#serve(managers, list);
    return this.client();
  }

  /** One more browser. */
  client(options: TestClientOptions = {}): TestClient {
    return testClient(this.target, { origin: ORIGIN, clock: this.clock, ...options });
  }

  /** What the framework's author gave: an address or a handler. */
  get target(): AdapterServer["target"] {
    if (this.#server !== undefined) return this.#server.target;
    throw new OptionsError("stage", "call serve first.");
  }

  async close(): Promise<void> {
    // Whoever still waits for the store would keep the server from closing.
    this.store.hinder(undefined);
    await this.#server?.close?.();
    for (const sessions of this.#managers) await sessions.close();
  }
}

const PLAIN_TEXT: [string, string] = ["Content-Type", "text/plain; charset=utf-8"];

/** An answer in one piece. */
export function answer(
  body: unknown,
  { status = 200, headers = [] }: Partial<Omit<AdapterAnswer, "body">> = {},
): AdapterAnswer {
  const isTyped = headers.some(([name]) => name.toLowerCase() === "content-type");
  const all = isTyped ? headers : [PLAIN_TEXT, ...headers];
  return { status, headers: all, body: String(body) };
}

/** An answer without a body. */
export function bare(status: number, headers: [string, string][] = []): AdapterAnswer {
  return { status, headers, body: undefined };
}

/** An answer that comes in pieces. */
export function stream(pieces: AsyncIterable<string>): AdapterAnswer {
  return { status: 200, headers: [PLAIN_TEXT], body: encoded(pieces) };
}

async function* encoded(pieces: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  for await (const piece of pieces) yield encoder.encode(piece);
}

/** A door that one side waits at until the other opens it. */
export interface Gate {
  /** Resolves when somebody stands at the door. */
  readonly reached: Promise<void>;
  /** Waits for the door to open. */
  pass(): Promise<void>;
  open(): void;
}

/** A closed door. */
export function gate(): Gate {
  const reached = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  return {
    reached: reached.promise,
    pass: () => {
      reached.resolve();
      return opened.promise;
    },
    open: () => opened.resolve(),
  };
}

/** Asks again until the answer is as wished, at the most for five seconds. */
export async function eventually<T>(
  ask: () => Promise<T>,
  isWished: (answer: T) => boolean,
): Promise<T> {
  const endsAt = performance.now() + 5_000;
  for (;;) {
    const given = await ask();
    if (isWished(given) || performance.now() > endsAt) return given;
  }
}
