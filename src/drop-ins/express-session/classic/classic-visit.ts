import type { ServerResponse } from "node:http";
import { beforeHead } from "../../before-head.ts";
import { type CookieAttributes, cookieText } from "../cookie-text.ts";
import { isSecure, type Next, type SessionRequest } from "../request.ts";
import { sentId } from "../sent-cookie.ts";
import type { Session, SessionWatcher } from "../session.ts";
import type { SignedIds } from "../signed-ids.ts";
import { HeldEnd } from "./held-end.ts";
import type { ClassicSettings } from "./settings.ts";
import { snapshot } from "./snapshot.ts";
import { watch } from "./watch.ts";

/** A store, as the middleware has completed it. */
interface CompletedStore {
  generate(request: SessionRequest): void;
  createSession(request: SessionRequest, data: unknown): unknown;
}

/** One request and its session, by express-session's rules. */
export class ClassicVisit implements SessionWatcher {
  readonly #settings: ClassicSettings;
  readonly #request: SessionRequest;
  readonly #response: ServerResponse;
  readonly #next: Next;
  readonly #ids: SignedIds;
  /** The id that the browser sent. */
  readonly #sentId: string | undefined;
  #originalId: string | undefined;
  #original: string | undefined;
  #saved: string | undefined;
  #isTouched = false;
  /** From here on nobody asks any more whether the session has been saved. */
  #isEnding = false;
  isOver = false;

  constructor(
    settings: ClassicSettings,
    ids: SignedIds,
    request: SessionRequest,
    response: ServerResponse,
    next: Next,
  ) {
    this.#settings = settings;
    this.#ids = ids;
    this.#request = request;
    this.#response = response;
    this.#next = next;
    request.sessionStore = settings.store;
    this.#sentId = sentId(request, settings.name, ids);
    request.sessionID = this.#sentId;
  }

  begin(): void {
    beforeHead(this.#response, () => this.#sendCookie());
    this.#holdEnd();
    if (!this.#sentId) {
      this.#generate();
      this.#next();
      return;
    }
    this.#settings.store.get(this.#sentId, (error, data) => this.#take(error, data));
  }

  #take(error: unknown, data: unknown): void {
    const isAbsent = (error as { code?: unknown } | null | undefined)?.code === "ENOENT";
    if (error && !isAbsent) {
      this.#next(error);
      return;
    }
    try {
      if (error || !data) this.#generate();
      else this.#inflate(data);
    } catch (thrown) {
      this.#next(thrown);
      return;
    }
    this.#next();
  }

  #generate(): void {
    this.#store.generate(this.#request);
    this.#remember(this.#request.session as object);
    watch(this.#request.session, this);
  }

  #inflate(data: unknown): void {
    this.#store.createSession(this.#request, data);
    this.#remember(data as object);
    if (!this.#settings.resave) this.#saved = this.#original;
    watch(this.#request.session, this);
  }

  #remember(data: object): void {
    this.#originalId = this.#request.sessionID;
    this.#original = snapshot(data);
  }

  saving(session: Session): void {
    if (!this.#isEnding) this.#saved = snapshot(session);
  }

  reloaded(session: Session): void {
    if (this.#request.session !== session) watch(this.#request.session, this);
  }

  #sendCookie(): void {
    const { session, sessionID } = this.#request;
    if (!session || !this.#wantsCookie(session)) return;
    if (session.cookie.secure && !isSecure(this.#request, this.#settings.proxy)) return;
    this.#touch(session);
    try {
      const value = this.#ids.write(sessionID as string);
      // A plain object that stands for the cookie has no data: then it is sent without attributes.
      const attributes: CookieAttributes = session.cookie.data ?? {};
      this.#addHeader(cookieText(this.#settings.name, value, attributes));
    } catch (error) {
      setImmediate(this.#next, error);
    }
  }

  #addHeader(line: string): void {
    const before = this.#response.getHeader("Set-Cookie") ?? [];
    const lines = Array.isArray(before) ? before.concat(line) : [String(before), line];
    this.#response.setHeader("Set-Cookie", lines);
  }

  #touch(session: Session): void {
    if (this.#isTouched) return;
    session.touch();
    this.#isTouched = true;
  }

  #holdEnd(): void {
    const response = this.#response;
    const methods = {
      write: response.write,
      end: response.end,
    } as unknown as ConstructorParameters<typeof HeldEnd>[1];
    response.end = ((...args: unknown[]) => {
      if (this.isOver) return false;
      this.isOver = true;
      const held = new HeldEnd(response, methods, args);
      return this.#atEnd((error) => this.#finish(held, error))
        ? held.begin()
        : (methods.end as (...args: unknown[]) => unknown).apply(response, args);
    }) as ServerResponse["end"];
  }

  #finish(held: HeldEnd, error: unknown): void {
    // The answer goes out nevertheless: so it always was.
    if (error) setImmediate(this.#next, error);
    held.finish();
  }

  /** Asks the store for what the request has come to, if for anything. */
  #atEnd(done: (error?: unknown) => void): boolean {
    const { session, sessionID } = this.#request;
    const { store, destroysUnset } = this.#settings;
    if (!session) {
      if (!sessionID || !destroysUnset || session != null) return false;
      store.destroy(sessionID, done);
      return true;
    }
    this.#touch(session);
    if (typeof sessionID !== "string") return false;
    if (this.#wantsSave(session)) {
      this.#isEnding = true;
      session.save(done);
      return true;
    }
    if (!this.#settings.canTouch || this.#sentId !== sessionID) return false;
    store.touch?.(sessionID, session as never, done);
    return true;
  }

  #wantsSave(session: Session): boolean {
    const isFresh = !this.#saved && this.#sentId !== this.#request.sessionID;
    if (isFresh && !this.#settings.saveUninitialized) return this.#isModified(session);
    return this.#originalId !== session.id || this.#saved !== snapshot(session);
  }

  #wantsCookie(session: Session): boolean {
    const { rolling, saveUninitialized } = this.#settings;
    const { sessionID } = this.#request;
    if (typeof sessionID !== "string") return false;
    if (this.#sentId !== sessionID) return saveUninitialized || this.#isModified(session);
    return rolling || (session.cookie.expires != null && this.#isModified(session));
  }

  #isModified(session: Session): boolean {
    return this.#originalId !== session.id || this.#original !== snapshot(session);
  }

  get #store(): CompletedStore {
    return this.#settings.store as unknown as CompletedStore;
  }
}
