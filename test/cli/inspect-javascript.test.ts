import { describe, expect, it } from "vitest";
import { JAVASCRIPT } from "../interop/support/javascript-vectors.ts";
import { theFinding } from "./support/inspected.ts";

const { secret: SECRET, at: AT, vectors } = JAVASCRIPT;

const FORMATS: Readonly<Record<string, string>> = {
  "express-session": "express-session",
  "iron-session": "iron-session",
  h3: "iron-session",
  "nuxt-auth-utils": "iron-session",
  "hono-sessions": "iron-session",
  "Auth.js": "auth-js",
};

/** Those that are whole in one cookie. */
const WHOLE = vectors.flatMap(({ library, version, id, cookies }) => {
  const [[name, value] = ["", ""], ...others] = Object.entries(cookies);
  const format = FORMATS[library];
  if (format === undefined || others.length > 0 || id === "plain-id") return [];
  return [{ title: `${library} ${version}, ${id}`, id, format, cookie: `${name}=${value}` }];
});

describe.each(WHOLE)("sojourn inspect of a cookie of $title", ({ id, format, cookie }) => {
  it("tells it, with its key, with another, and without", () => {
    const secret = id === "numbered" ? `${SECRET}, newer` : SECRET;
    const genuine = theFinding(cookie, {
      keys: ["another of 32 characters, or more", secret],
      now: AT,
    });
    expect(genuine).toMatchObject({ format, verdict: "genuine" });
    if (format !== "express-session") expect(genuine.data).toBeDefined();
    const other = theFinding(cookie, { keys: ["another of 32 characters, or more"], now: AT });
    expect(other).toMatchObject({ format, verdict: "refused" });
    expect(other.data).toBeUndefined();
    const closed = theFinding(cookie, { now: AT });
    expect(closed).toMatchObject({ verdict: "recognised" });
    expect(closed.data).toBeUndefined();
  });
});

describe("sojourn inspect of a seal", () => {
  it("tells that it is over", () => {
    const vector = WHOLE.find(({ title }) => title === "iron-session 9.0.1, usual");
    const now = AT + 15 * 86_400_000;
    const finding = theFinding(vector?.cookie ?? "", { keys: [SECRET], now });
    expect(finding).toMatchObject({ format: "iron-session", verdict: "refused" });
  });
});
