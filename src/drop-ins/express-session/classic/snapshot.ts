/**
 * A session's data as text, without its cookie: two of them say whether it has changed.
 *
 * The text itself and no hash of it: one request keeps at most two, and compares them a few times.
 */
export function snapshot(session: object): string {
  if ("toJSON" in session) return JSON.stringify(session, withoutCookieOf(session));
  const { cookie: _, ...data } = session as { cookie?: unknown };
  return JSON.stringify(data);
}

function withoutCookieOf(session: object) {
  return function (this: unknown, key: string, value: unknown): unknown {
    return this === session && key === "cookie" ? undefined : value;
  };
}
