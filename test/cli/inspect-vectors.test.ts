import { describe, expect, it } from "vitest";
import { PYTHON2, PYTHON3 } from "../interop/support/pickle-vectors.ts";
import { vectorsOf } from "../interop/support/vectors.ts";
import { theFinding } from "./support/inspected.ts";

interface Made {
  readonly id: string;
  readonly secret: string;
  readonly timestamp: number;
  readonly cookie: string;
}

interface Read {
  readonly id: string;
  readonly secret: string;
  readonly fallbacks?: readonly string[] | null;
  readonly lifetime_s?: number;
  readonly max_age?: number | null;
  readonly now: number;
  readonly cookie: string;
  readonly result: { readonly ok: boolean };
}

interface Cookies {
  readonly encode: readonly Made[];
  readonly decode: readonly Read[];
}

describe.each([
  ["flask", vectorsOf<Cookies>("flask-cookie")],
  ["starlette", vectorsOf<Cookies>("starlette")],
])("sojourn inspect of %s's cookies", (format, files) => {
  const made = files.flatMap(({ encode }) => encode).filter(isWritten);
  const read = files.flatMap(({ decode }) => decode).filter(({ id }) => id !== AGELESS);

  it.each(made)("tells $id: with its key, with another, and without", (vector) => {
    const now = 1_000 * vector.timestamp;
    const genuine = theFinding(vector.cookie, { keys: [vector.secret], now });
    expect(genuine).toMatchObject({ format, verdict: "genuine", issuedAt: now });
    const other = theFinding(vector.cookie, { keys: ["another"], now });
    expect(other).toMatchObject({ format, verdict: "refused", summary: "the signature is wrong" });
    const open = theFinding(vector.cookie, { now });
    expect(open).toMatchObject({ format, verdict: "unchecked", data: genuine.data });
  });

  it.each(read)("takes $id where the framework does, and in no other case", (vector) => {
    const seconds = vector.lifetime_s ?? vector.max_age ?? 1_000_000_000;
    const keys = [vector.secret, ...(vector.fallbacks ?? [])];
    const given = { keys, now: 1_000 * vector.now, lifetimeMs: 1_000 * seconds };
    const { verdict } = theFinding(vector.cookie, given);
    expect(verdict === "genuine").toBe(vector.result.ok);
  });
});

/** Every session ends here, though a long time ahead, so that one of the future is always refused. */
const AGELESS = "future-no-max-age";

/** Where the framework refused to write, there is nothing to read; bytes as secret are in no vector. */
function isWritten({ cookie, secret }: Made): boolean {
  return cookie !== undefined && typeof secret === "string";
}

interface DjangoVector {
  readonly id: string;
  readonly wire: string;
  readonly timestamp: number;
}

interface DjangoRead extends DjangoVector {
  readonly now: number;
  readonly salt: string;
  readonly key: string;
  readonly fallback_keys: readonly string[] | null;
  readonly max_age: number | null;
  readonly result: { readonly ok: boolean };
}

interface Django {
  readonly versions: { readonly django: string };
  readonly secret: string;
  readonly session_data: readonly DjangoVector[];
  readonly signed_cookies: readonly DjangoVector[];
  readonly decode: readonly DjangoRead[];
  readonly legacy: readonly DjangoVector[];
}

describe.each(vectorsOf<Django>("django").filter(({ decode }) => decode !== undefined))(
  "sojourn inspect of the sessions of Django $versions.django",
  ({ versions, secret, session_data, signed_cookies, decode, legacy }) => {
    it.each([
      ...session_data
        .filter(hasWire)
        .map((vector) => ({ ...vector, format: "django-session-data" })),
      ...signed_cookies.filter(hasWire).map((vector) => ({ ...vector, format: "django" })),
    ])("tells $id ($format) by its salt", ({ wire, timestamp, format }) => {
      const now = 1_000 * timestamp;
      const found = theFinding(wire, { keys: [secret], now });
      expect(found).toMatchObject({ format, verdict: "genuine", issuedAt: now });
      expect(theFinding(wire, { now })).toMatchObject({ verdict: "unchecked", data: found.data });
      expect(theFinding(wire, { keys: ["another"], now })).toMatchObject({ verdict: "refused" });
    });

    it.each(decode)("takes $id where Django does", (vector) => {
      const lifetimeMs = 1_000 * (vector.max_age ?? 1_000_000_000);
      // Django 3.2 has no fallbacks.
      const fallbacks = versions.django < "4.1" ? [] : (vector.fallback_keys ?? []);
      const keys = [vector.key, ...fallbacks];
      const found = theFinding(vector.wire, { keys, now: 1_000 * vector.now, lifetimeMs });
      const isOlderForm = found.facts?.some(({ value }) => value.includes("HMAC-SHA1"));
      if (isOlderForm === true) return;
      // What Django says of the salt is told here as the form.
      const isTaken = vector.result.ok || vector.id === "wrong-salt";
      expect(found.verdict === "genuine").toBe(isTaken);
    });

    it.each(legacy)("tells $id", ({ wire }) => {
      const found = theFinding(wire, { keys: [secret] });
      expect(found).toMatchObject({ format: "django-legacy", verdict: "genuine" });
      expect(theFinding(wire, { keys: ["another"] })).toMatchObject({ verdict: "refused" });
    });
  },
);

function hasWire({ wire }: DjangoVector): boolean {
  return wire !== undefined;
}

interface TornadoRead {
  readonly id: string;
  readonly wire: string;
  readonly now: number;
  readonly name: string;
  readonly secret: string | Readonly<Record<string, string>>;
  readonly result: unknown;
}

describe("sojourn inspect of Tornado's signed values", () => {
  const vectors = vectorsOf<{
    readonly encode: readonly (TornadoRead & { version: 1 | 2; timestamp: number })[];
  }>("tornado-pycket").flatMap(({ encode }) => encode);

  it.each(
    vectors.filter(({ secret, name }) => typeof secret === "string" && /^[\x20-\x7e]*$/.test(name)),
  )("tells $id, version $version", ({ wire, name, secret, version, timestamp }) => {
    const given = { keys: [String(secret)], now: 1_000 * timestamp };
    const found = theFinding(`${name}=${wire}`, given);
    const format = name === "PYCKET_ID" ? "pycket" : `tornado-v${version}`;
    expect(found).toMatchObject({ format, verdict: "genuine" });
    const other = theFinding(`${name}=${wire}`, { ...given, keys: ["another"] });
    expect(other).toMatchObject({ verdict: "refused" });
  });
});

describe("sojourn inspect of pickles", () => {
  const vectors = [...PYTHON3.vectors, ...PYTHON2.vectors].filter(({ b64 }) => b64 !== null);

  it.each(vectors)("tells $id of protocol $protocol", ({ id, b64, protocol }) => {
    const found = theFinding(b64 ?? "");
    // What holds itself is no session, and is not opened.
    const verdict = id.startsWith("self-") ? "refused" : "unchecked";
    expect(found).toMatchObject({ format: "pickle", verdict });
    expect(found.title).toContain(`protocol ${protocol}`);
  });
});

interface Stores {
  readonly secret: string;
  readonly sid: string;
  readonly stores: readonly {
    readonly id: string;
    readonly store: string;
    readonly raw_b64?: string;
  }[];
  readonly cookies: readonly { readonly set_cookie?: readonly string[]; readonly value?: string }[];
}

describe.each(vectorsOf<Stores>("flask-session"))("sojourn inspect of Flask-Session", (vectors) => {
  it("tells its cookies, signed and not", () => {
    const cookies = vectors.cookies.flatMap(({ set_cookie = [], value = "" }) => [
      ...set_cookie,
      value,
    ]);
    for (const cookie of cookies.filter((each) => each !== "")) {
      const found = theFinding(cookie, { keys: [vectors.secret] });
      const isSigned = /\.[\w-]{27}/.test(cookie);
      expect(found.verdict).toBe(isSigned ? "genuine" : "recognised");
    }
  });

  const written = vectors.stores.filter(({ raw_b64 }) => raw_b64 !== undefined);

  it.each(written)("tells what $store holds: $id", ({ raw_b64 = "" }) => {
    const found = theFinding(Buffer.from(raw_b64, "base64"));
    expect(found).toMatchObject({ verdict: "unchecked", data: { _permanent: true } });
    expect(theFinding(raw_b64)).toMatchObject({ format: found.format, data: found.data });
  });
});

interface Cached {
  readonly storage: readonly {
    readonly id?: string;
    readonly cache?: string;
    readonly value_b64?: string;
  }[];
}

describe("sojourn inspect of what Django's caches hold", () => {
  const files = [...vectorsOf<Cached>("django"), ...vectorsOf<Cached>("django-redis")];
  const values = files.flatMap(({ storage }) => storage).filter(({ value_b64 }) => value_b64);

  it.each(values)("tells $id in the cache $cache", ({ value_b64 = "" }) => {
    const found = theFinding(Buffer.from(value_b64, "base64"));
    // Node cannot open xz, and says so.
    const verdict = found.format === "xz" ? "refused" : "unchecked";
    expect(found).toMatchObject({ verdict, title: expect.stringMatching(/^Stored/) });
  });
});
