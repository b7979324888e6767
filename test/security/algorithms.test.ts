import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const ROOT = new URL("../../", import.meta.url).pathname;

/** Names of algorithms as Node's cryptography takes them. */
const ALGORITHM =
  /^(?:aes|aria|camellia|chacha|des|rc[245]|bf|cast|seed|sm4)[-\d]|^(?:md[45]|sha|ripemd|blake|shake|sm3)[-\d]*$|^(?:ES|RS|PS|HS)\d{3}$/i;

/** The formats of others come as they are. */
const FOREIGN = /^src\/(?:interop|cli)\//;

/** Where tokens, codes, keys and nonces are made. */
const MAKES_SECRETS =
  /^src\/(?:core\/(?:token|environment|lifecycle\/.*|request\/.*)|sealing\/.*|cookies\/.*|cli\/new-secret)\.ts$/;

const readText = (file: string): string => readFileSync(join(ROOT, file), "utf8");

interface Text {
  readonly file: string;
  readonly text: string;
}

function textsIn(file: string): Text[] {
  const texts: Text[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node)) texts.push({ file, text: node.text });
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, readText(file), ts.ScriptTarget.Latest));
  return texts;
}

const sources = globSync("src/**/*.ts", { cwd: ROOT }).sort();
const texts = sources.flatMap(textsIn);

const placesOf = (wanted: (name: string) => boolean): string[] =>
  texts
    .filter(({ file, text }) => !FOREIGN.test(file) && ALGORITHM.test(text) && wanted(text))
    .map(({ file, text }) => `${file}: ${text}`);

describe("the library's own cryptography", () => {
  it("has one cipher, AES-256-GCM, which is authenticated [ASVS 11.2.3, ASVS 11.3.1, ASVS 11.3.2, ASVS 11.3.5]", () => {
    const isCipher = (name: string) => /^[a-z]+-\d+-/.test(name);
    expect([...new Set(placesOf(isCipher))]).toEqual([
      "src/drop-ins/express-session/moving/sids.ts: aes-256-gcm",
      "src/sealing/message.ts: aes-256-gcm",
      "src/security/oidc/provider-marks.ts: aes-256-gcm",
    ]);
  });

  it("hashes with SHA-256, but for names that are no secret [ASVS 11.2.3]", () => {
    const isOther = (name: string) => !/^(?:sha-?256|aes-256-gcm|[ERP]S256)$/i.test(name);
    expect(placesOf(isOther)).toEqual([
      // As cookie-session signs.
      "src/drop-ins/cookie-session/keygrip.ts: sha1",
      // What a weak key may be the hash of.
      "src/sealing/known.ts: sha384",
      "src/sealing/known.ts: sha512",
      // The name that Redis itself gives to a script.
      "src/stores/redis/scripts.ts: sha1",
    ]);
  });

  it("takes of JOSE's algorithms only signatures with public keys [ASVS 9.1.2]", () => {
    const isSignature = (name: string) => /^[A-Z]S\d{3}$/.test(name);
    const names = placesOf(isSignature).map((place) => place.split(": ")[1]);
    expect([...new Set(names)].sort()).toEqual(["ES256", "PS256", "RS256"]);
  });

  it("is that of node:crypto, and of jose for what others sign [ASVS 11.2.1, ASVS 11.5.1]", () => {
    const others = texts.filter(({ text }) => /^(?:jose|tweetnacl|crypto-js|@noble\/)/.test(text));
    expect(others.filter(({ text }) => text !== "jose")).toEqual([]);
    expect(others.every(({ file }) => /^src\/security\/(?:dbsc|oidc)\//.test(file))).toBe(true);
    // Elsewhere dice decide on pauses, and a UUID names a call.
    const makers = sources.filter((file) => MAKES_SECRETS.test(file));
    const withDice = makers.filter((file) => /\bMath\.random|randomUUID/.test(readText(file)));
    expect([makers.length > 40, withDice]).toEqual([true, []]);
  });
});
