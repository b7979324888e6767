import type { IncomingMessage, ServerResponse } from "node:http";
import { OptionsError } from "../../core/errors.ts";
import { attach, type Internals, internalsOf } from "../../core/internals.ts";
import type { Sessions } from "../../core/sessions.ts";
import { answerPlainly } from "./attach-node.ts";
import { type Fallback, holdReply } from "./hold.ts";
import { nodeExchange, plainAnswer } from "./node-exchange.ts";

/** What is used of Nest's adapter for a platform. */
export interface Platform {
  getType(): string;
  getInstance(): unknown;
  use(middleware: unknown): unknown;
}

/** By their names, in the order of their mounting. */
type Managers = Map<string, Sessions<object>>;
type Next = (error?: unknown) => void;

/** A request of Node's, Express's or Fastify's. */
interface Carrying {
  raw?: unknown;
  session?: unknown;
}

interface NodeRequestLike extends IncomingMessage, Carrying {
  [MANAGERS]?: Managers;
}

/** What a request carries for each manager. */
interface Answers {
  [key: symbol]: Answer | undefined;
}

/** What is used of Fastify. */
interface FastifyLike {
  readonly use?: unknown;
  addHook(name: "onRequest", hook: FastifyHook): unknown;
  hasRequestDecorator(name: string): boolean;
  decorateRequest(name: string, value: null): unknown;
}

type FastifyHook = (request: FastifyRequestLike, reply: FastifyReplyLike, done: Next) => void;

interface FastifyRequestLike {
  readonly raw: NodeRequestLike;
  session?: unknown;
}

interface FastifyReplyLike {
  readonly raw: ServerResponse;
  send(error: unknown): unknown;
}

// Shared by every copy of the library, as the managers are.
const MANAGERS: unique symbol = Symbol.for("sojourn.nest.managers");
const mounted = new WeakMap<Platform, Managers>();

/**
 * Mounts a manager on the platform of a Nest application.
 *
 * @param isAccessor - Whether `request.session` is to be the open session.
 */
export function mountOn(platform: Platform, sessions: Sessions<object>, isAccessor: boolean): void {
  const managers: Managers = mounted.get(platform) ?? new Map();
  mounted.set(platform, managers);
  const { name } = internalsOf(sessions).engine;
  // Mounted twice is once.
  if (managers.get(name) === sessions) return;
  if (managers.has(name)) {
    throw new OptionsError("SessionModule", `two managers have the name ${JSON.stringify(name)}.`);
  }
  managers.set(name, sessions);
  const mount = new Mount(managers, sessions, isAccessor);
  if (platform.getType() === "fastify") mount.onFastify(platform);
  else mount.onNode(platform);
}

/** One manager on one platform. */
class Mount {
  readonly #managers: Managers;
  readonly #sessions: Sessions<object>;
  readonly #isAccessor: boolean;
  readonly #attachments: Internals["attachments"];
  /** Where a request keeps who answers its failure. */
  readonly #key = Symbol("sojourn.nest.answer");

  constructor(managers: Managers, sessions: Sessions<object>, isAccessor: boolean) {
    this.#managers = managers;
    this.#sessions = sessions;
    this.#attachments = internalsOf(sessions).attachments;
    this.#isAccessor = isAccessor;
  }

  /** On Express, and on any platform that takes Node's middlewares. */
  onNode(platform: Platform): void {
    platform.use((req: NodeRequestLike, res: ServerResponse, next: Next) => {
      this.#begin(req, res).hand = next;
      this.#open(req, next);
    });
  }

  onFastify(platform: Platform): void {
    const fastify = platform.getInstance() as FastifyLike;
    // Declared first: otherwise each request would get a shape of its own.
    if (this.#isAccessor && !fastify.hasRequestDecorator("session")) {
      fastify.decorateRequest("session", null);
    }
    // Before the middlewares of the application and of its modules, which come before all hooks. Where
    // Nest was told to have none (`skipMiddie`), there are none to come before.
    if (typeof fastify.use === "function") {
      platform.use((req: NodeRequestLike, res: ServerResponse, next: Next) => {
        this.#begin(req, res);
        next();
      });
    }
    fastify.addHook("onRequest", (request, reply, done) => {
      const { raw } = request;
      const answer = (raw as object as Answers)[this.#key] ?? this.#begin(raw, reply.raw);
      answer.hand = (error) => void reply.send(error);
      const visit = this.#attachments.visitOf([raw]);
      if (visit !== undefined) this.#attachments.add(visit, [request]);
      this.#open(request, done);
    });
  }

  #begin(req: NodeRequestLike, res: ServerResponse): Answer {
    req[MANAGERS] = this.#managers;
    const answer = new Answer(res);
    attach(this.#sessions, nodeExchange(req, res), [req], (visit) => holdReply(res, visit, answer));
    (req as object as Answers)[this.#key] = answer;
    return answer;
  }

  #open(request: Carrying, done: Next): void {
    if (!this.#isAccessor) {
      done();
      return;
    }
    this.#sessions.open(request).then((session) => {
      request.session = session;
      done();
    }, done);
  }
}

/** Answers where what a handler wanted could not be kept. */
class Answer implements Fallback {
  /** Hands the failure to Nest, whose filters print it. */
  hand: Next | undefined;
  readonly plainAnswer: Fallback["plainAnswer"] = plainAnswer;
  readonly #res: ServerResponse;

  constructor(res: ServerResponse) {
    this.#res = res;
  }

  get isPrinting(): boolean {
    return this.hand !== undefined;
  }

  fail(error: unknown): void {
    // A middleware of Fastify's has answered by itself, before there was a reply.
    if (this.hand === undefined) answerPlainly(this.#res, error);
    else this.hand(error);
  }
}

/** The manager of this name, or the first, that is mounted for a request. */
export function managerOf(request: Carrying, name: string | undefined): Sessions<object> {
  const raw = (request.raw ?? request) as NodeRequestLike;
  const managers = raw[MANAGERS];
  const manager = name === undefined ? managers?.values().next().value : managers?.get(name);
  if (manager !== undefined) return manager;
  const called = name === undefined ? "" : ` with the name ${JSON.stringify(name)}`;
  throw new OptionsError(
    "SessionModule",
    `no manager${called} is mounted: import SessionModule.forRoot(sessions) in the root module.`,
  );
}
