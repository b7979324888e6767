import { randomBytes } from "node:crypto";
import { deflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { findingsText } from "../../src/cli/inspect/findings-text.ts";
import { TimedPySigner } from "../../src/interop/python/itsdangerous/timed-py-signer.ts";
import { sojourn } from "./support/command.ts";
import { inspected, theFinding } from "./support/inspected.ts";

const NOW = 1_700_000_000_000;

function flaskSigned(payload: string): string {
  const options = { keys: ["k"], salt: "cookie-session", derivation: "hmac" } as const;
  return new TimedPySigner(options).sign(payload, NOW);
}

describe("hostile input of sojourn inspect", () => {
  it("refuses ten million bytes in one line, and reads no further", async () => {
    const run = await sojourn(["inspect", "-"], { input: Buffer.alloc(10_000_000, "e") });
    expect(run).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining("4 MiB") });
  });

  it("opens no compressed bomb, be it signed or not", () => {
    const bomb = deflateSync(Buffer.alloc(50_000_000, " ")).toString("base64url");
    for (const keys of [[], ["k"]]) {
      const found = theFinding(flaskSigned(`.${bomb}`), { keys });
      expect(found).toMatchObject({ verdict: "refused", summary: "too large to be opened" });
      expect(found.data).toBeUndefined();
    }
    const stored = theFinding(deflateSync(Buffer.alloc(50_000_000, " ")));
    expect(stored).toMatchObject({ format: "zlib", verdict: "refused" });
  });

  it("reads no pickle that is deep or names a function", () => {
    const deep = Buffer.concat([
      Buffer.of(0x80, 4),
      Buffer.alloc(100_000, "]"),
      Buffer.alloc(99_999, "a"),
      Buffer.from("."),
    ]);
    expect(theFinding(deep)).toMatchObject({ format: "pickle", verdict: "refused" });
    const call = Buffer.concat([Buffer.of(0x80, 2), Buffer.from("cos\nsystem\n(U\x02idtR.")]);
    const found = theFinding(call);
    expect(found).toMatchObject({ format: "pickle", verdict: "refused" });
    expect(found.remarks?.join()).toContain("os");
  });

  it("answers binary noise, and texts made of the formats' own characters, without a throw", () => {
    for (let round = 0; round < 300; round += 1) {
      const noise = randomBytes(1 + (round % 97));
      for (const text of [noise, noise.toString("base64"), `2|1:0|${noise.toString("hex")}`]) {
        expect(() => inspected(text, { keys: ["k"] })).not.toThrow();
      }
    }
    for (const piece of [
      ".",
      ":",
      "|",
      "a.",
      "a:",
      "=;",
      "--",
      "Fe26.2*",
      "eyJ",
      "%",
      '"',
      "{",
      "(",
    ]) {
      const text = piece.repeat(200_000 / piece.length);
      expect(() => inspected(text, { keys: ["k"] })).not.toThrow();
    }
  });

  it("prints nothing that a terminal would act upon", () => {
    const json = JSON.stringify({ "\u001b[31m": "\u009b2J\u202e\u0007" });
    const payload = Buffer.from(json).toString("base64url");
    const text = findingsText(
      inspected(`se\u001b]0;=${flaskSigned(payload)}; Path=/\u001b[0m`.replace("se\u001b]0;", "s")),
      NOW,
      (_, piece) => piece,
    );
    expect(text).toContain("Flask session cookie");
    expect(text).not.toMatch(/[^\P{Cc}\n]|\p{Cf}/u);
  });
});
