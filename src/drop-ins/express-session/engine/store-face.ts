import { EventEmitter } from "node:events";
import type { Sessions } from "../../../core/sessions.ts";
import { promised, type SessionCallback } from "../session.ts";
import { Store } from "../store.ts";
import { KEPT, type KeptSession, type SeenRequest } from "./session-exchange.ts";

/**
 * What `req.sessionStore` is over a store of ours. By the ids that `req.sessionID` has: sessions can
 * be ended, and not be overwritten.
 */
export function storeFace(sessions: Pick<Sessions<object>, "revoke">): Store {
  const store: object = Object.create(Store.prototype);
  Reflect.apply(EventEmitter as unknown as () => void, store, []);
  return Object.assign(store, {
    generate(request: SeenRequest): void {
      sessionOf(request).generate();
    },
    regenerate(request: SeenRequest, callback?: SessionCallback): unknown {
      return answer(callback, () => sessionOf(request).regenerate());
    },
    destroy(id: string, callback?: SessionCallback): unknown {
      return answer(callback, () => sessions.revoke(id));
    },
    get(_id: string, callback: SessionCallback): void {
      process.nextTick(callback, refusal("read"));
    },
    set(_id: string, _session: unknown, callback?: SessionCallback): unknown {
      return answer(callback, () => Promise.reject(refusal("overwritten")));
    },
  }) as unknown as Store;
}

function sessionOf(request: SeenRequest): KeptSession {
  const session = request[KEPT];
  if (session === undefined) throw new TypeError("The request has not come by session().");
  return session;
}

function refusal(what: string): Error {
  return new Error(
    `Over this store no session is ${what} by its id from outside its request. See docs/from-express-session.md.`,
  );
}

function answer(callback: SessionCallback | undefined, act: () => Promise<unknown>): unknown {
  return typeof callback === "function"
    ? settle(act, (error) => process.nextTick(callback, error))
    : promised((done) => settle(act, done));
}

function settle(act: () => Promise<unknown>, done: SessionCallback): void {
  act().then(() => done(), done);
}
