import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, expectTypeOf, it, vi } from "vitest";
import { pooledRandom } from "../../src/core/environment.ts";
import {
  type CommitId,
  CommitIds,
  newCommitId,
  newToken,
  parseId,
  parseToken,
  type SessionId,
  type SessionToken,
  sessionId,
} from "../../src/core/token.ts";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const random = pooledRandom();
const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 });

function spelled(of: Uint8Array): string {
  return Buffer.from(of).toString("base64url");
}

describe("a token", () => {
  it("is 256 bits in 43 characters, and is recognised [ASVS 7.2.3, ASVS 11.5.1, NIST 5.1 secret, NIST 5.1.1 opaque]", () => {
    fc.assert(
      fc.property(bytes, (of) => {
        const token = newToken(() => Buffer.from(of));
        expect(token).toBe(spelled(of));
        expect(parseToken(token)).toBe(token);
      }),
    );
  });

  it("has one spelling: the three others that decode to its bytes are refused [WSTG-SESS-01]", () => {
    fc.assert(
      fc.property(bytes, (of) => {
        const text = spelled(of);
        const first = ALPHABET.indexOf(text.slice(-1)) & ~3;
        const aliases = [0, 1, 2, 3].map(
          (spare) => text.slice(0, 42) + ALPHABET.charAt(first + spare),
        );
        for (const alias of aliases)
          expect(Buffer.from(alias, "base64url")).toEqual(Buffer.from(of));
        expect(aliases.filter((alias) => parseToken(alias) !== undefined)).toEqual([text]);
      }),
    );
  });

  it.each([
    ["one character too few", (text: string) => text.slice(1)],
    ["one too many", (text: string) => `${text}A`],
    ["padding", (text: string) => `${text}=`],
    ["padding in its place", (text: string) => `${text.slice(0, 42)}=`],
    ["white space before", (text: string) => ` ${text.slice(1)}`],
    ["a line feed behind", (text: string) => `${text}\n`],
    ["a line feed at the end", (text: string) => `${text.slice(0, 42)}\n`],
    ["base64's own plus", (text: string) => `+${text.slice(1)}`],
    ["base64's own slash", (text: string) => `/${text.slice(1)}`],
    ["a zero byte", (text: string) => `\0${text.slice(1)}`],
    ["a full-width letter", (text: string) => `Ａ${text.slice(1)}`],
    ["quotes", (text: string) => `"${text}"`],
    ["percent signs", (text: string) => `%41${text.slice(3)}`],
  ])("is refused with %s", (_name, change) => {
    expect(parseToken(change(newToken(random)))).toBeUndefined();
  });

  it("is never any other text", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), (text) => {
        const isSpelling = Buffer.from(text, "base64url").toString("base64url") === text;
        expect(parseToken(text) !== undefined).toBe(isSpelling && text.length === 43);
      }),
    );
  });

  it("differs each time [ASVS 7.2.2, ASVS 7.2.3]", () => {
    const tokens = new Set(Array.from({ length: 2_000 }, () => newToken(random)));
    expect(tokens.size).toBe(2_000);
  });
});

describe("an id", () => {
  it("is SHA-256 over purpose, manager and token", () => {
    const token = newToken(random);
    const hash = createHash("sha256").update(`sojourn/session\0shop\0${token}`).digest("base64url");
    expect(sessionId(token, "shop")).toBe(`s_${hash}`);
  });

  it("is recognised, and its token is not taken for one", () => {
    const token = newToken(random);
    const id = sessionId(token, "session");
    expect(parseId(id)).toBe(id);
    expect(parseId(token)).toBeUndefined();
    expect(parseToken(id)).toBeUndefined();
    expect(parseToken(id.slice(2))).toBe(id.slice(2));
  });

  it("differs between two managers", () => {
    const token = newToken(random);
    expect(sessionId(token, "a")).not.toBe(sessionId(token, "b"));
  });

  it.each([
    [undefined],
    [null],
    [1],
    [{}],
    [["s_"]],
    ["s_"],
    [`s_${"A".repeat(42)}B`],
    [`t_${"A".repeat(43)}`],
  ])("is not %o", (value) => {
    expect(parseId(value)).toBeUndefined();
  });
});

describe("a commit id", () => {
  it("is 48 bits in 8 characters", () => {
    expect(newCommitId(random)).toMatch(/^[\w-]{8}$/);
  });

  it("is drawn once, whether it comes alone or of a batch", () => {
    const ids = new CommitIds(random);
    const drawn = Array.from({ length: 1_000 }, () => ids.next());
    expect(new Set(drawn).size).toBe(drawn.length);
    expect(drawn.filter((id) => !/^[\w-]{8}$/.test(id))).toEqual([]);
  });
});

describe("the brands", () => {
  it("keep token, id and plain text apart", () => {
    expectTypeOf<SessionToken>().toExtend<string>();
    expectTypeOf<SessionToken>().not.toExtend<SessionId>();
    expectTypeOf<SessionId>().not.toExtend<SessionToken>();
    expectTypeOf<CommitId>().not.toExtend<SessionId>();
    expectTypeOf<string>().not.toExtend<SessionToken>();
    const id = sessionId(newToken(random), "session");
    // @ts-expect-error an id is not a token
    sessionId(id, "session");
    // @ts-expect-error a text is not a token: parse it first
    sessionId("A".repeat(43), "session");
  });
});

describe("a runtime without crypto.hash", () => {
  it("gives the same ids", async () => {
    const token = newToken(random);
    vi.resetModules();
    vi.doMock("node:crypto", async (original) => ({
      ...(await original<object>()),
      hash: undefined,
    }));
    const without = await import("../../src/core/token.ts");
    vi.doUnmock("node:crypto");
    expect(without.sessionId(token, "session")).toBe(sessionId(token, "session"));
  });
});
