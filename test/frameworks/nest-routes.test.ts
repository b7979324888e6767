import "reflect-metadata";
import { randomBytes } from "node:crypto";
import type { ServerResponse } from "node:http";
import {
  type ArgumentsHost,
  type CallHandler,
  Catch,
  ConflictException,
  Controller,
  type DynamicModule,
  type ExceptionFilter,
  Get,
  type HttpServer,
  type INestApplication,
  type MessageEvent,
  type MiddlewareConsumer,
  type NestInterceptor,
  Session as NestSession,
  Post,
  Redirect,
  Sse,
  type Type,
  UseInterceptors,
} from "@nestjs/common";
import { HttpAdapterHost, NestFactory } from "@nestjs/core";
import { ExecutionContextHost } from "@nestjs/core/helpers/execution-context-host.js";
import { ExpressAdapter } from "@nestjs/platform-express";
import { FastifyAdapter } from "@nestjs/platform-fastify";
import { Test } from "@nestjs/testing";
import { from, map, type Observable } from "rxjs";
import { afterEach, describe, expect, it, vi } from "vitest";
import { cookieCache } from "../../src/cookies/cookie.ts";
import { StoreError } from "../../src/core/errors.ts";
import type { Session } from "../../src/core/session.ts";
import type { Sessions } from "../../src/core/sessions.ts";
import { createSessions } from "../../src/create-sessions.ts";
import {
  CurrentSession,
  InjectSessions,
  SessionModule,
  type SessionModuleOptions,
  SignedIn,
  SignedInGuard,
} from "../../src/frameworks/nest.ts";
import { memoryStore } from "../../src/stores/memory/index.ts";
import { WatchedStore } from "../../src/testing/adapter/watched-store.ts";
import { type TestClient, testClient, testClock } from "../../src/testing/index.ts";
import { closeAll, onClose, type Shop, shop } from "./support/shop.ts";

const MINUTE = 60_000;
const PLATFORMS = [
  ["Express", () => new ExpressAdapter()],
  ["Fastify", () => new FastifyAdapter() as unknown as ExpressAdapter],
] as const satisfies readonly (readonly [string, () => HttpServer])[];

@Controller("shop")
class ShopController {
  @Get()
  async visit(@CurrentSession() session: Session<Shop>): Promise<string> {
    return `Visit ${await session.update("visits", (n) => n + 1)}`;
  }

  @Post("sign-in")
  @Redirect("/shop/account", 303)
  async signIn(@CurrentSession() session: Session<Shop>): Promise<void> {
    await session.signIn("ada");
    session.set("name", "Ada");
  }

  @SignedIn()
  @Get("account")
  account(@CurrentSession() session: Session<Shop>): object {
    return { userId: session.userId, name: session.get("name") };
  }

  @SignedIn({ maxAge: "10m" })
  @Get("password")
  password(): string {
    return "Choose a new one";
  }

  @SignedIn({ maxAge: "10m", factors: ["totp"] })
  @Get("factors")
  factors(): string {
    return "Choose new ones";
  }

  @Get("conflict")
  conflict(@CurrentSession() session: Session<Shop>): never {
    session.set("name", "kept");
    throw new ConflictException("Taken");
  }

  @Post("broken")
  async broken(@CurrentSession() session: Session<Shop>): Promise<never> {
    await session.signIn("ada");
    session.set("name", "lost");
    throw new Error("A slip");
  }

  @Get("late")
  set(@CurrentSession() session: Session<Shop>): string {
    session.set("name", "Ada");
    return "set";
  }

  @Sse("events")
  events(@CurrentSession() session: Session<Shop>): Observable<MessageEvent> {
    session.set("name", "first");
    return from(["one", "two"]).pipe(
      map((data) => {
        session.set("visits", session.get("visits") + 1);
        return { data };
      }),
    );
  }
}

interface Serving {
  readonly controllers?: readonly Type[] | undefined;
  readonly options?: SessionModuleOptions | undefined;
  readonly imports?: readonly DynamicModule[] | undefined;
  readonly prepare?: ((app: INestApplication) => unknown) | undefined;
}

/** What Nest prints, in one text. */
class Log {
  readonly lines: unknown[] = [];
  readonly error = (what: unknown): void => void this.lines.push(what);
  readonly log = (): void => undefined;
  readonly warn = (): void => undefined;
}

describe.each(PLATFORMS)("Nest on %s", (_, adapterOf) => {
  afterEach(closeAll);

  async function serve(
    sessions: Sessions<Shop> | undefined,
    { controllers = [ShopController], options = {}, imports = [], prepare }: Serving = {},
  ): Promise<{ readonly client: TestClient; readonly log: Log; readonly app: INestApplication }> {
    class Root {}
    const own = sessions === undefined ? [] : [SessionModule.forRoot(sessions, options)];
    const root: DynamicModule = {
      module: Root,
      imports: [...own, ...imports],
      controllers: [...controllers],
    };
    const log = new Log();
    const app = await NestFactory.create(root, adapterOf(), { logger: log });
    onClose(() => app.close());
    await prepare?.(app);
    await app.listen(0, "127.0.0.1");
    const client = testClient(await app.getUrl(), { origin: "https://shop.example" });
    return { client, log, app };
  }

  it("gives handlers the open session, signs in before a redirect, and guards", async () => {
    const { sessions, store } = shop();
    const { client, log } = await serve(sessions);
    const refused = await client.get("/shop/account");
    expect(refused.status).toBe(401);
    expect(await refused.json()).toMatchObject({ message: "Please sign in." });
    expect(store.calls).toEqual([]);
    expect(await (await client.get("/shop")).text()).toBe("Visit 1");
    const account = await client.post("/shop/sign-in");
    expect(account.url).toMatch(/\/shop\/account$/);
    expect(await account.json()).toEqual({ userId: "ada", name: "Ada" });
    expect(await (await client.get("/shop")).text()).toBe("Visit 2");
    expect((await client.head("/shop/account")).status).toBe(200);
    expect(log.lines).toEqual([]);
  });

  it("lets pass who has proved himself lately, by these factors", async () => {
    const clock = testClock();
    const { sessions } = shop({ clock });
    const { client } = await serve(sessions);
    await client.post("/shop/sign-in");
    expect((await client.get("/shop/password")).status).toBe(200);
    const factors = await client.get("/shop/factors");
    expect(factors.status).toBe(401);
    expect(await factors.json()).toMatchObject({ message: "Please sign in again." });
    clock.advance(10 * MINUTE);
    expect((await client.get("/shop/password")).status).toBe(401);
    expect((await client.get("/shop/account")).status).toBe(200);
  });

  it("keeps what was set before an answer of 4xx, and drops it before one of 5xx", async () => {
    const { sessions } = shop();
    const { client, log } = await serve(sessions);
    const conflict = await client.get("/shop/conflict");
    expect(conflict.status).toBe(409);
    expect(await conflict.json()).toMatchObject({ message: "Taken" });
    const broken = await client.post("/shop/broken");
    expect(broken.status).toBe(500);
    expect(await broken.json()).toEqual({ statusCode: 500, message: "Internal server error" });
    // The sign-in was done, and its cookie went with Nest's own page.
    expect(await (await client.get("/shop/account")).json()).toEqual({
      userId: "ada",
      name: "kept",
    });
    expect(log.lines).toHaveLength(1);
  });

  it("answers an outage with 503 by Nest's own filter, and tells of it once", async () => {
    const { sessions, store } = shop();
    const { client, log } = await serve(sessions);
    await client.get("/shop");
    store.hinder(() => Promise.reject(new Error("The line is cut")));
    for (const path of ["/shop", "/shop/account"]) {
      log.lines.length = 0;
      const failed = await client.get(path);
      expect(failed.status).toBe(503);
      expect(await failed.json()).toEqual({ statusCode: 503, message: "Service Unavailable" });
      expect(log.lines).toEqual([expect.any(StoreError)]);
    }
  });

  it("answers with 503 as well where only the commit fails", async () => {
    const { sessions, store } = shop();
    const { client, log } = await serve(sessions);
    await client.get("/shop");
    store.hinder(async (method) => {
      if (method !== "load") throw new Error("The line is cut");
    });
    const failed = await client.get("/shop/late");
    expect(failed.status).toBe(503);
    expect(await failed.json()).toEqual({ statusCode: 503, message: "Service Unavailable" });
    expect(log.lines).toEqual([expect.any(StoreError)]);
  });

  it("leaves failures to an application's own filters", async () => {
    @Catch(StoreError)
    class StoreFilter implements ExceptionFilter {
      catch(error: StoreError, host: ArgumentsHost): void {
        const { httpAdapter } = app.get(HttpAdapterHost);
        httpAdapter.reply(host.switchToHttp().getResponse(), "Back soon", error.status);
      }
    }
    const { sessions, store } = shop();
    const { client, app } = await serve(sessions, {
      prepare: (own) => own.useGlobalFilters(new StoreFilter()),
    });
    await client.get("/shop");
    store.hinder(async (method) => {
      if (method !== "load") throw new Error("The line is cut");
    });
    const failed = await client.get("/shop/late");
    expect(failed.status).toBe(503);
    expect(await failed.text()).toBe("Back soon");
  });

  it("streams events after the commit, and keeps what changes meanwhile", async () => {
    const { sessions } = shop();
    const { client } = await serve(sessions);
    // What needs a cookie comes too late there: somebody who has a session.
    await client.get("/shop");
    const events = await client.get("/shop/events");
    expect(await events.text()).toContain("data: two");
    expect(await (await client.get("/shop")).text()).toBe("Visit 4");
  });

  it("works under a prefix, behind interceptors and for what main.ts adds", async () => {
    class Shouting implements NestInterceptor {
      async intercept(context: never, next: CallHandler): Promise<Observable<string>> {
        const request = (context as ExecutionContextHost).switchToHttp().getRequest<object>();
        const session = await sessions.open(request);
        session.set("name", "Ada");
        return next.handle().pipe(map((text) => `${text} of ${session.get("name")}`));
      }
    }
    @Controller()
    @UseInterceptors(new Shouting())
    class Inner {
      @Get("inner")
      async visit(@CurrentSession() session: Session<Shop>): Promise<string> {
        return `Visit ${await session.update("visits", (n) => n + 1)}`;
      }
    }
    const { sessions } = shop();
    const seen: (string | undefined)[] = [];
    const { client } = await serve(sessions, {
      controllers: [Inner],
      prepare: (app) => {
        app.setGlobalPrefix("api");
        app.use(async (req: object, _res: object, next: () => void) => {
          seen.push((await sessions.open(req)).get("name"));
          next();
        });
      },
    });
    expect(await (await client.get("/api/inner")).text()).toBe("Visit 1 of Ada");
    expect(await (await client.get("/api/inner")).text()).toBe("Visit 2 of Ada");
    expect(seen).toEqual(["", "Ada"]);
    expect((await client.get("/elsewhere")).status).toBe(404);
  });

  it("is there for the middlewares of modules, also where one answers by itself", async () => {
    const { sessions, store } = shop();
    class Inner {
      configure(consumer: MiddlewareConsumer): void {
        const answer = async (req: object, res: ServerResponse): Promise<void> => {
          const session = await sessions.open(req);
          session.set("visits", session.get("visits") + 1);
          res.end(`Visit ${session.get("visits")}`);
        };
        consumer.apply(answer).forRoutes("answered");
      }
    }
    const { client, log } = await serve(sessions, { imports: [{ module: Inner }] });
    expect(await (await client.get("/answered")).text()).toBe("Visit 1");
    expect(await (await client.get("/answered")).text()).toBe("Visit 2");
    const told = vi.spyOn(console, "error").mockReturnValue();
    onClose(() => told.mockRestore());
    store.hinder(async (method) => {
      if (method !== "load") throw new Error("The line is cut");
    });
    log.lines.length = 0;
    expect((await client.get("/answered")).status).toBe(503);
    // By Nest, or by us where Nest has not heard of it.
    expect(log.lines.length + told.mock.calls.length).toBe(1);
  });

  it("guards every handler of an application", async () => {
    const { sessions } = shop();
    const { client } = await serve(sessions, {
      prepare: (app) => app.useGlobalGuards(new SignedInGuard()),
    });
    expect((await client.get("/shop")).status).toBe(401);
  });

  it("opens the session for Nest's own decorator where that is asked for", async () => {
    @Controller()
    class Own {
      @Get()
      async visit(@NestSession() session: Session<Shop>): Promise<string> {
        return `Visit ${await session.update("visits", (n) => n + 1)}`;
      }
    }
    const { sessions, store } = shop();
    const { client, log } = await serve(sessions, {
      controllers: [Own],
      options: { accessor: true },
    });
    expect(await (await client.get("/")).text()).toBe("Visit 1");
    expect(await (await client.get("/")).text()).toBe("Visit 2");
    store.hinder(() => Promise.reject(new Error("The line is cut")));
    const failed = await client.get("/");
    expect(failed.status).toBe(503);
    expect(await failed.json()).toEqual({ statusCode: 503, message: "Service Unavailable" });
    expect(log.lines).toEqual([expect.any(StoreError)]);
  });

  it("takes a manager from a factory, injects it, and tells two apart", async () => {
    @Controller()
    class Both {
      readonly #admins: Sessions<Shop>;

      constructor(@InjectSessions("admin") admins: Sessions<Shop>) {
        this.#admins = admins;
      }

      @Get()
      async visit(
        @CurrentSession() session: Session<Shop>,
        @CurrentSession({ name: "admin" }) admin: Session<Shop>,
      ): Promise<string> {
        await session.signIn("ada");
        await admin.signIn("root");
        return `${session.userId} ${admin.userId} ${(await this.#admins.list({ userId: "root" })).length}`;
      }

      @Post("customer")
      async customer(@CurrentSession() session: Session<Shop>): Promise<void> {
        await session.signIn("ada");
      }

      @SignedIn({ name: "admin" })
      @Get("guarded")
      guarded(): string {
        return "in";
      }
    }
    const { sessions } = shop();
    const admin = SessionModule.forRootAsync({
      name: "admin",
      imports: [{ module: class {}, providers: [NAME], exports: [NAME.provide] }],
      inject: [NAME.provide],
      useFactory: async (name: string) => shop({ name }).sessions,
    });
    const { client } = await serve(sessions, { controllers: [Both], imports: [admin] });
    await client.post("/customer");
    expect((await client.get("/guarded")).status).toBe(401);
    expect(await (await client.get("/")).text()).toBe("ada root 1");
    expect(await (await client.get("/guarded")).text()).toBe("in");
    expect(client.cookies().map(({ name }) => name)).toEqual([
      "__Host-Http-session",
      "__Host-Http-admin",
    ]);
  });

  it("knows a manager by its own name, and one that a factory makes by the usual one", async () => {
    @Controller()
    class Count {
      readonly #sessions: Sessions<Shop>;

      constructor(@InjectSessions() sessions: Sessions<Shop>) {
        this.#sessions = sessions;
      }

      @Get()
      async count(@CurrentSession({ name: "admin" }) admin: Session<Shop>): Promise<string> {
        await admin.signIn("root");
        return `${(await this.#sessions.list({ userId: "root" })).length}`;
      }
    }
    const { sessions } = shop();
    const imports = [
      SessionModule.forRootAsync({ useFactory: () => sessions }),
      SessionModule.forRoot(shop({ name: "admin" }).sessions),
      // Also where a module is imported that imports nothing.
      { module: class Inner {}, controllers: [Count] },
    ];
    const { client } = await serve(undefined, { controllers: [], imports });
    expect(await (await client.get("/")).text()).toBe("0");
    expect(client.cookies().map(({ name }) => name)).toEqual(["__Host-Http-admin"]);
  });

  it("mounts a manager once that is imported twice", async () => {
    const { sessions } = shop();
    const imports = [SessionModule.forRoot(sessions, { accessor: true })];
    const { client } = await serve(sessions, { imports });
    expect(await (await client.get("/shop")).text()).toBe("Visit 1");
    expect(await (await client.get("/shop")).text()).toBe("Visit 2");
  });

  it("opens the session as a handler's parameter says", async () => {
    @Controller()
    class Open {
      @Post("callback")
      callback(@CurrentSession({ crossSite: "allow" }) session: Session<Shop>): string {
        return `Visit ${session.get("visits")}`;
      }

      @Get("newest")
      newest(@CurrentSession({ fresh: true }) session: Session<Shop>): string {
        return `Visit ${session.get("visits")}`;
      }
    }
    const store = new WatchedStore(memoryStore());
    const kept = cookieCache(store, { maxStaleness: "5m" });
    const sessions = createSessions<Shop>({
      store: kept,
      keys: [randomBytes(32).toString("base64url")],
      trustProxy: "all",
      defaults: { name: "", visits: 0 },
    });
    const { client } = await serve(sessions, { controllers: [ShopController, Open] });
    await client.get("/shop");
    store.forget();
    const headers = { "sec-fetch-site": "cross-site", origin: "https://bank.example" };
    expect((await client.post("/shop/sign-in", { headers })).status).toBe(403);
    expect(await (await client.post("/callback", { headers })).text()).toBe("Visit 1");
    expect(store.calls).toEqual([]);
    expect(await (await client.get("/newest")).text()).toBe("Visit 1");
    expect(store.calls).toEqual(["load"]);
  });

  it("refuses at the start what cannot be told apart", async () => {
    const named = SessionModule.forRootAsync({
      useFactory: () => shop({ name: "admin" }).sessions,
    });
    const options = { logger: false, abortOnError: false } as const;
    const create = (...imports: DynamicModule[]): Promise<unknown> =>
      NestFactory.create({ module: class {}, imports }, adapterOf(), options);
    await expect(create(named)).rejects.toThrow('say name: "admin"');
    const two = [shop().sessions, shop().sessions].map((one) => SessionModule.forRoot(one));
    await expect(create(...two)).rejects.toThrow('two managers have the name "session"');
  });

  it("says what is missing where no manager is mounted, or none of this name", async () => {
    const { client, log } = await serve(undefined);
    expect((await client.get("/shop")).status).toBe(500);
    expect(String(log.lines)).toContain("no manager is mounted: import SessionModule.forRoot");
    @Controller("other")
    class Other {
      @Get()
      visit(@CurrentSession({ name: "other" }) session: Session<Shop>): string {
        return session.get("name");
      }
    }
    for (const sessions of [undefined, shop({ name: "admin" }).sessions]) {
      const named = await serve(sessions, { controllers: [ShopController, Other] });
      expect((await named.client.get("/other")).status).toBe(500);
      expect(String(named.log.lines)).toContain('no manager with the name "other" is mounted');
      // What says no name takes the first, whatever it is called.
      expect((await named.client.get("/shop")).status).toBe(sessions === undefined ? 500 : 200);
    }
  });

  it("answers by Nest's own filter whichever of two managers fails", async () => {
    @Controller()
    class Both {
      @Get()
      set(
        @CurrentSession() session: Session<Shop>,
        @CurrentSession({ name: "admin" }) admin: Session<Shop>,
      ): string {
        session.set("name", "Ada");
        admin.set("name", "Root");
        return "set";
      }
    }
    const made = [shop(), shop({ name: "admin" })];
    const imports = made.map(({ sessions }) => SessionModule.forRoot(sessions));
    const { client } = await serve(undefined, { controllers: [Both], imports });
    for (const { store } of made) {
      store.fail();
      const failed = await client.get("/");
      expect([failed.status, await failed.json()]).toEqual([
        503,
        { statusCode: 503, message: "Service Unavailable" },
      ]);
      store.hinder(undefined);
    }
  });

  it("leads decorators of another copy of the library to the same session", async () => {
    vi.resetModules();
    const copy = await import("../../src/frameworks/nest.ts");
    expect(copy.CurrentSession).not.toBe(CurrentSession);
    @Controller()
    class Page {
      @Get()
      async visit(@copy.CurrentSession() session: Session<Shop>): Promise<string> {
        return `Visit ${await session.update("visits", (n) => n + 1)}`;
      }
    }
    const { client } = await serve(shop().sessions, { controllers: [Page] });
    expect(await (await client.get("/")).text()).toBe("Visit 1");
  });

  it("works in Nest's testing module", async () => {
    const { sessions } = shop();
    const testing = await Test.createTestingModule({
      imports: [SessionModule.forRoot(sessions)],
      controllers: [ShopController],
    }).compile();
    const app = testing.createNestApplication(adapterOf(), { logger: false });
    onClose(() => app.close());
    await app.listen(0, "127.0.0.1");
    const client = testClient(await app.getUrl(), { origin: "https://shop.example" });
    expect(await (await client.get("/shop")).text()).toBe("Visit 1");
    expect(await (await client.get("/shop")).text()).toBe("Visit 2");
  });
});

const NAME = { provide: "NAME", useValue: "admin" };

describe("Nest on Fastify", () => {
  afterEach(closeAll);

  async function start(
    fastify: FastifyAdapter,
    options?: SessionModuleOptions,
  ): Promise<TestClient> {
    const root = {
      module: class {},
      imports: [
        SessionModule.forRoot(shop().sessions, options),
        SessionModule.forRoot(shop({ name: "admin" }).sessions, options),
      ],
      controllers: [ShopController],
    };
    const app = await NestFactory.create(root, fastify, { logger: false });
    onClose(() => app.close());
    await app.listen(0, "127.0.0.1");
    return testClient(await app.getUrl(), { origin: "https://shop.example" });
  }

  it("needs no middlewares", async () => {
    const client = await start(new FastifyAdapter({ skipMiddie: true }));
    expect(await (await client.get("/shop")).text()).toBe("Visit 1");
    expect(await (await client.get("/shop")).text()).toBe("Visit 2");
  });

  it.each([undefined, true])(
    "declares request.session where it is wanted: %s",
    async (accessor) => {
      const fastify = new FastifyAdapter();
      const client = await start(fastify, { accessor });
      expect(fastify.getInstance().hasRequestDecorator("session")).toBe(accessor === true);
      expect(await (await client.get("/shop")).text()).toBe("Visit 1");
    },
  );
});

describe("Nest without HTTP", () => {
  it("gives the manager to an application context", async () => {
    const { sessions } = shop();
    const root = { module: class {}, imports: [SessionModule.forRoot(sessions)] };
    const context = await NestFactory.createApplicationContext(root, { logger: false });
    expect(context.get("sojourn:session")).toBe(sessions);
    await context.close();
  });

  it("says that there is no session in a message", async () => {
    const context = new ExecutionContextHost([]);
    context.setType("rpc");
    await expect(new SignedInGuard().canActivate(context)).rejects.toThrow('this is "rpc"');
  });
});

describe("The decorators", () => {
  it("refuse options that they do not know, and factors without an age", () => {
    const unknown = { fresh: "10m" } as object;
    expect(() => SignedIn(unknown)).toThrow("SignedIn.fresh");
    expect(() => SignedIn({ factors: ["totp"] })).toThrow("how old");
    expect(() => CurrentSession({ maxAge: 1 } as object)).toThrow("CurrentSession.maxAge");
    expect(() => SessionModule.forRoot(shop().sessions, { global: true } as object)).toThrow(
      "SessionModule.global",
    );
  });
});
