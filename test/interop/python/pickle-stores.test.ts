import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { readPickle } from "../../../src/interop/python/pickle/read-pickle.ts";
import {
  type PickleProtocol,
  writePickle,
} from "../../../src/interop/python/pickle/write-pickle.ts";
import { fromNotation, type Notation, toNotation } from "../support/notation.ts";
import { readVectors } from "../support/pickle-vectors.ts";

interface Pickled {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly protocol: PickleProtocol;
  readonly value: Notation;
}

interface FlaskSession {
  readonly stores: readonly {
    readonly store: string;
    readonly id: string;
    readonly encoding?: string | null;
    readonly pickle_protocol?: PickleProtocol;
    readonly raw_b64?: string;
    readonly read_back: Notation;
  }[];
}

interface Django {
  readonly storage: readonly {
    readonly backend: string;
    readonly cache?: string;
    readonly case?: string;
    readonly payload: Notation;
    readonly pickle_protocol?: PickleProtocol;
    readonly value?: string;
    readonly value_b64?: string;
  }[];
}

interface Pycket {
  readonly b64: string;
  readonly value: Notation;
  readonly protocol: PickleProtocol;
}

interface Tornado {
  readonly pycket: readonly {
    readonly flow: string;
    readonly steps: readonly {
      readonly path: string;
      readonly redis_db0: Readonly<Record<string, Pycket>>;
      readonly redis_db1: Readonly<Record<string, Pycket>>;
    }[];
  }[];
}

const ALL: readonly Pickled[] = [
  ...["0.3.2", "0.7.0"].flatMap(flaskSessions),
  ...["3.2.25", "4.2.28"].flatMap(djangoSessions),
  ...pycketSessions(),
];

describe("A session that was stored as a pickle", () => {
  it("is at hand from each store that pickles", () => {
    expect(ALL.length).toBeGreaterThan(80);
  });

  it.each(ALL)("is read: $name", ({ bytes, value }) => {
    const read = readPickle(bytes);
    expect(read.ok && toNotation(read.value)).toStrictEqual(value);
  });

  it.each(ALL)("is written, byte for byte: $name", ({ bytes, value, protocol }) => {
    const written = writePickle(fromNotation(value), protocol);
    expect(written.ok && hashOf(written.bytes)).toBe(hashOf(bytes));
  });
});

function flaskSessions(version: string): Pickled[] {
  const { stores } = readVectors<FlaskSession>(`flask-session.${version}`);
  return stores.flatMap(({ store, id, encoding, pickle_protocol, raw_b64, read_back }) => {
    if (encoding !== "pickle" || raw_b64 === undefined) return [];
    const name = `${id} of Flask-Session ${version} on ${store}`;
    return pickled(name, raw_b64, pickle_protocol, read_back);
  });
}

/** The file cache compresses, and tells first when the session expires: that is not of pickles. */
function djangoSessions(version: string): Pickled[] {
  const { storage } = readVectors<Django>(`django.${version}`);
  return storage.flatMap(({ backend, cache, payload, value, value_b64, ...rest }) => {
    const b64 = value_b64 ?? (cache === "dbcache" ? value : undefined);
    if (cache === "filebased" || b64 === undefined) return [];
    const name = `${rest.case} of Django ${version} in ${backend} on ${cache}`;
    return pickled(name, b64, rest.pickle_protocol, payload);
  });
}

function pycketSessions(): Pickled[] {
  const { pycket } = readVectors<Tornado>("tornado-pycket.tornado6.2.0");
  return pycket.flatMap(({ flow, steps }) =>
    steps.flatMap(({ path, redis_db0, redis_db1 }) =>
      [...Object.values(redis_db0), ...Object.values(redis_db1)].flatMap(
        ({ b64, value, protocol }) => pickled(`${path}, ${flow}, of pycket`, b64, protocol, value),
      ),
    ),
  );
}

function pickled(
  name: string,
  b64: string,
  protocol: PickleProtocol | undefined,
  value: Notation,
): Pickled[] {
  return [{ name, bytes: Buffer.from(b64, "base64"), protocol: protocol ?? 5, value }];
}

function hashOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
