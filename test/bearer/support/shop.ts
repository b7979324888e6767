import type { TokenTransport } from "../../../src/cookies/mount.ts";
import {
  createSessions,
  type Session,
  type SessionOptions,
  type Sessions,
  type Untyped,
} from "../../../src/index.ts";
import { memoryStore } from "../../../src/stores/memory/index.ts";
import { Switch, wrapped } from "../../laws/support/wrapped-store.ts";

export type Deed = (session: Session<Untyped>) => unknown;
export type HeaderMap = Readonly<Record<string, string>>;

export const UNKNOWN = "A".repeat(43);

export interface Shop {
  readonly sessions: Sessions<Untyped>;
  readonly rejections: string[];
  /** What the store was asked. */
  readonly calls: string[];
  ask(headers: HeaderMap, act?: Deed, url?: string, method?: string): Promise<Response>;
}

export function shop(transport: TokenTransport, options: Partial<SessionOptions> = {}): Shop {
  const calls: string[] = [];
  const between = new Switch();
  between.behave = (operation, send) => {
    calls.push(operation);
    return send();
  };
  const store = wrapped(memoryStore(), between.intercept);
  const sessions = createSessions<Untyped>({ store, transport, ...options });
  const rejections: string[] = [];
  sessions.on("rejected", ({ reason }) => void rejections.push(reason));
  const ask: Shop["ask"] = (
    headers,
    act = ({ userId }) => userId,
    url = "https://shop.test/",
    method = "GET",
  ) =>
    sessions.handle(new Request(url, { method, headers }), async (request) => {
      const done = await act(await sessions.open(request));
      return Response.json(done ?? null);
    });
  return { sessions, rejections, calls, ask };
}

export const signIn: Deed = (session) => session.signIn("ada");
export const signOut: Deed = (session) => session.signOut();

export function by(token: string | null): HeaderMap {
  return { authorization: `Bearer ${token}` };
}

export async function tokenOf(
  { ask }: Shop,
  headers: HeaderMap = { authorization: "Bearer" },
): Promise<string> {
  const { headers: answered } = await ask(headers, signIn);
  return answered.get("session-token") ?? "";
}
