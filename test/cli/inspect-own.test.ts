import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { newSecret } from "../../src/cli/new-secret.ts";
import { written } from "../../src/cookies/cookie-store/payload.ts";
import type { SessionRecord } from "../../src/core/record.ts";
import { newToken, sessionId } from "../../src/core/token.ts";
import { bindTo } from "../../src/sealing/binding.ts";
import { KeyRing } from "../../src/sealing/key-ring.ts";
import { Sealer } from "../../src/sealing/sealer.ts";
import { seal, sign } from "../../src/sealing/values.ts";
import { inspected, theFinding } from "./support/inspected.ts";

const KEY = newSecret();
const RECORD = {
  data: '{"cart":["SKU-1"]}',
  flash: "[]",
  userId: "u1",
  persistent: false,
  idleTimeoutMs: 1_800_000,
  absoluteTimeoutMs: 43_200_000,
} as SessionRecord;

describe("sojourn inspect of its own texts", () => {
  it("opens what was sealed for a purpose, and says why it does not", () => {
    const clock = { now: () => 1_700_000_000_000 };
    const text = seal({ a: 1 }, { keys: KEY, purpose: "reset", expiresIn: "1h", clock });
    const given = { keys: [KEY], purpose: "reset" };
    expect(theFinding(text, given)).toMatchObject({
      format: "sojourn-sealed",
      verdict: "genuine",
      data: { a: 1 },
      expiresAt: 1_700_003_600_000,
    });
    const late = theFinding(text, { ...given, now: 1_700_003_600_000 });
    expect(late).toMatchObject({ verdict: "refused", summary: "it opens, but it has expired" });
    expect(theFinding(text)).toMatchObject({ verdict: "recognised" });
    const other = theFinding(text, { ...given, keys: [newSecret()] });
    expect(other.remarks).toEqual(["None of the keys given has its key id."]);
    const elsewhere = theFinding(text, { ...given, purpose: "other" });
    expect(elsewhere).toMatchObject({ verdict: "refused", summary: "it does not open" });
  });

  it("opens a session in its cookie, by the cookie's name", () => {
    const now = 1_700_000_000_000;
    const record = { ...RECORD, createdAt: now, lastSeenAt: now };
    const sealer = new Sealer(new KeyRing("key", KEY), randomBytes);
    const binding = bindTo("sojourn/cookie-session", "__Host-session", "1");
    const text = sealer.seal(written(newToken(randomBytes), record), binding);
    const found = theFinding(`__Host-session=${text}`, { keys: [KEY], now });
    expect(found).toMatchObject({
      title: "Session of sojourn, sealed in its cookie",
      verdict: "genuine",
      issuedAt: now,
      expiresAt: now + 1_800_000,
      data: { cart: ["SKU-1"] },
    });
    const nameless = theFinding(text, { keys: [KEY], now });
    expect(nameless.remarks?.join()).toContain("pass the cookie's name");
  });

  it("reads what is signed, and checks it for its purpose", () => {
    const text = sign({ theme: "dark" }, { keys: KEY, purpose: "preferences" });
    const data = { theme: "dark" };
    expect(theFinding(text)).toMatchObject({ verdict: "unchecked", data });
    const given = { keys: [KEY], purpose: "preferences" };
    expect(theFinding(text, given)).toMatchObject({ verdict: "genuine", data });
    expect(theFinding(text, { ...given, purpose: "other" })).toMatchObject({ verdict: "refused" });
  });

  it("tells a token, and the id that a manager gives it", () => {
    const token = newToken(randomBytes);
    const found = theFinding(`__Host-shop=${token}`);
    expect(found).toMatchObject({ format: "token", verdict: "recognised", name: "__Host-shop" });
    expect(JSON.stringify(found)).toContain(sessionId(token, "shop"));
    expect(JSON.stringify(found)).not.toContain(token);
  });

  it("tells a secret, whole or damaged, and never shows it", () => {
    expect(theFinding(KEY)).toMatchObject({ format: "sojourn-secret", verdict: "recognised" });
    expect(JSON.stringify(theFinding(KEY))).not.toContain(KEY.slice(5, 20));
    expect(theFinding(KEY.slice(0, -1))).toMatchObject({ verdict: "refused" });
  });
});

describe("sojourn inspect of texts that it does not open", () => {
  it.each([
    ["express-session", `s%3Aabc.${"A".repeat(43)}`],
    ["iron-session", "Fe26.2**a*b*c*1700000000000*d*e~2"],
    ["jwt", `${header({ alg: "HS256" })}.e30.c2ln`],
    ["jwe", `${header({ alg: "dir", enc: "A256GCM" })}..aXY.Y2lwaGVy.dGFn`],
    ["rails", `${"QUJD".repeat(4)}--${"0".repeat(40)}`],
    ["rails", `${"QUJD".repeat(4)}--${"A".repeat(16)}--${"A".repeat(22)}==`],
    ["django-key", "3ii6381o5k3qgg60458uki7dh032y8to"],
    ["uuid", "12345678-1234-4678-9234-567812345678"],
    ["sojourn-id", sessionId(newToken(randomBytes), "session")],
  ])("%s", (format, text) => {
    expect(theFinding(text)).toMatchObject({ format, verdict: "recognised" });
  });
});

describe("sojourn inspect of a header", () => {
  it("tells each cookie that it knows, by its name", () => {
    const line = `Cookie: theme=dark; sessionid=3ii6381o5k3qgg60458uki7dh032y8to; sid=s%3Aabc.${"A".repeat(43)}`;
    const formats = inspected(line).map(({ name, format }) => [name, format]);
    expect(formats).toEqual([
      ["sessionid", "django-key"],
      ["sid", "express-session"],
    ]);
  });
});

function header(json: object): string {
  return Buffer.from(JSON.stringify(json)).toString("base64url");
}
