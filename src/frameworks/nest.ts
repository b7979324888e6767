import {
  type CanActivate,
  createParamDecorator,
  type DynamicModule,
  type ExecutionContext,
  type FactoryProvider,
  Inject,
  type ModuleMetadata,
  UnauthorizedException,
  UseGuards,
} from "@nestjs/common";
import { HttpAdapterHost } from "@nestjs/core";
import { OptionsError } from "../core/errors.ts";
import { internalsOf } from "../core/internals.ts";
import { requireKnownKeys } from "../core/option-checks.ts";
import type { Session } from "../core/session.ts";
import type { OpenOptions, Sessions } from "../core/sessions.ts";
import type { RequireFreshOptions } from "../security/assurance/require-fresh.ts";
import { managerOf, mountOn } from "./port/nest-mount.ts";

/** How {@link SessionModule} mounts a manager. */
export interface SessionModuleOptions {
  /**
   * Opens the session before guards and handlers, and puts it where Nest's own `@Session()` finds it,
   * at `request.session`. For one manager of an application.
   *
   * @defaultValue `false`
   */
  readonly accessor?: boolean | undefined;
}

/** As {@link SessionModuleOptions}, with a factory that makes the manager. */
export interface SessionModuleAsyncOptions<D extends object>
  extends SessionModuleOptions,
    Pick<ModuleMetadata, "imports">,
    Pick<FactoryProvider<Sessions<D>>, "inject" | "useFactory"> {
  /**
   * The manager's `name`.
   *
   * @defaultValue `"session"`
   */
  readonly name?: string | undefined;
}

/** Which of several managers. */
export interface ByName {
  /**
   * The manager's `name`.
   *
   * @defaultValue that of the one that was mounted first
   */
  readonly name?: string | undefined;
}

const DEFAULT_NAME = "session";

function tokenOf(name: string): string {
  return `sojourn:${name}`;
}

/**
 * Sessions for NestJS, on Express and on Fastify: import it in the root module. They are there for
 * whatever `main.ts` adds as well.
 *
 * A failure goes to Nest's exception filters, with the status that the answer should have.
 */
// biome-ignore lint/complexity/noStaticOnlyClass: this is what a dynamic module of Nest is.
export class SessionModule {
  /**
   * Mounts a manager.
   *
   * @throws {@link OptionsError} for what createSessions() has not made, and for an unknown option.
   * @example
   * const root = { module: class AppModule {}, imports: [SessionModule.forRoot(sessions)] };
   */
  static forRoot<D extends object>(
    sessions: Sessions<D>,
    options: SessionModuleOptions = {},
  ): DynamicModule {
    const { name } = internalsOf(sessions).engine;
    return moduleOf({ ...options, name, useFactory: () => sessions });
  }

  /**
   * Mounts a manager that a factory makes of other providers.
   *
   * @throws {@link OptionsError} for an unknown option, and at the start for a manager of another name.
   * @example
   * SessionModule.forRootAsync({
   *   inject: ["DATABASE"],
   *   useFactory: (path: string) => createSessions<Shop>({ store: sqliteStore(path) }),
   * });
   */
  static forRootAsync<D extends object>(options: SessionModuleAsyncOptions<D>): DynamicModule {
    return moduleOf(options);
  }
}

function moduleOf<D extends object>(options: SessionModuleAsyncOptions<D>): DynamicModule {
  requireKnownKeys("SessionModule", options, [
    "accessor",
    "imports",
    "inject",
    "name",
    "useFactory",
  ]);
  const { name = DEFAULT_NAME, accessor = false, imports = [], inject = [], useFactory } = options;
  const token = tokenOf(name);
  const mounting: FactoryProvider = {
    provide: `${token}:mounting`,
    inject: [token, HttpAdapterHost],
    useFactory: (sessions: Sessions<object>, host: HttpAdapterHost) => {
      requireName(sessions, name);
      // A context without HTTP has none.
      const mount = (): void => {
        if (host.httpAdapter) mountOn(host.httpAdapter, sessions, accessor);
      };
      // In a testing module the application is made after its providers.
      if (host.httpAdapter) mount();
      else host.init$.subscribe(mount);
    },
  };
  const manager: FactoryProvider = { provide: token, inject, useFactory };
  return {
    module: SessionModule,
    global: true,
    imports,
    providers: [manager, mounting],
    exports: [token],
  };
}

function requireName(sessions: object, name: string): void {
  const { engine } = internalsOf(sessions);
  if (engine.name === name) return;
  throw new OptionsError(
    "SessionModule",
    `say name: ${JSON.stringify(engine.name)}, the manager's.`,
  );
}

/**
 * Injects the manager into a provider: for `listSessions`, `revokeAll`, and what else has no request.
 *
 * @example
 * class Accounts {
 *   readonly #sessions: Sessions<Shop>;
 *
 *   constructor(@InjectSessions() sessions: Sessions<Shop>) {
 *     this.#sessions = sessions;
 *   }
 *
 *   async endAll(userId: string): Promise<void> {
 *     await this.#sessions.revokeAll({ userId });
 *   }
 * }
 */
export function InjectSessions(
  name: string = DEFAULT_NAME,
): ParameterDecorator & PropertyDecorator {
  return Inject(tokenOf(name));
}

/** How {@link CurrentSession} opens it. */
export interface CurrentSessionOptions extends OpenOptions, ByName {}

/**
 * The session of the request, open, as a parameter of a handler.
 *
 * @throws what `sessions.open` throws, to Nest's exception filters; {@link OptionsError} where no manager
 * is mounted.
 * @example
 * class ShopController {
 *   async visit(@CurrentSession() session: Session<Shop>): Promise<string> {
 *     return `Visit ${await session.update("visits", (n) => n + 1)}`;
 *   }
 * }
 */
export function CurrentSession(options: CurrentSessionOptions = {}): ParameterDecorator {
  requireKnownKeys("CurrentSession", options, ["crossSite", "fresh", "name"]);
  return currentSession(options);
}

const currentSession: (options: CurrentSessionOptions) => ParameterDecorator = createParamDecorator(
  (options: CurrentSessionOptions, context: ExecutionContext) => openIn(context, options),
);

async function openIn(
  context: ExecutionContext,
  { name, ...options }: CurrentSessionOptions,
): Promise<Session<object>> {
  if (context.getType() !== "http") {
    const found = JSON.stringify(context.getType());
    throw new OptionsError(
      "request",
      `sessions belong to requests over HTTP, and this is ${found}.`,
    );
  }
  const request: object = context.switchToHttp().getRequest();
  return managerOf(request, name).open(request, options);
}

/** Whom {@link SignedIn} lets pass. */
export interface SignedInOptions extends Partial<RequireFreshOptions>, ByName {}

/**
 * Lets nobody pass who is not signed in: what {@link SignedIn} uses, for `useGlobalGuards`, too.
 *
 * @example
 * const guard = new SignedInGuard({ maxAge: "10m" });
 */
export class SignedInGuard implements CanActivate {
  readonly #options: SignedInOptions;

  /** @throws {@link OptionsError} for an unknown option, and for factors without a maxAge. */
  constructor(options: SignedInOptions = {}) {
    requireKnownKeys("SignedIn", options, ["maxAge", "factors", "name"]);
    if (options.factors !== undefined && options.maxAge === undefined) {
      throw new OptionsError("maxAge", "say how old the factors may be.");
    }
    this.#options = options;
  }

  /** @throws UnauthorizedException, Nest's own, and what `sessions.open` throws. */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const { name, maxAge, factors } = this.#options;
    const session = await openIn(context, { name });
    if (session.userId === undefined) throw new UnauthorizedException("Please sign in.");
    if (maxAge === undefined || session.isFresh(maxAge, { factors })) return true;
    throw new UnauthorizedException("Please sign in again.");
  }
}

/**
 * Lets nobody pass who is not signed in, or not lately enough: a controller, or one handler. Whoever does
 * not is answered with 401, by Nest's `UnauthorizedException`.
 *
 * @throws {@link OptionsError} for an unknown option, and for factors without a maxAge.
 * @example
 * class Account { @SignedIn({ maxAge: "10m" }) password(): string { return "Choose a new one"; } }
 */
export function SignedIn(options: SignedInOptions = {}): ClassDecorator & MethodDecorator {
  return UseGuards(new SignedInGuard(options));
}
