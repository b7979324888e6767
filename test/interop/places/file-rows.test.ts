import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cachelibFiles } from "../../../src/interop/places/cachelib-files.ts";
import { djangoFiles } from "../../../src/interop/places/django-files.ts";
import type { ForeignPlace } from "../../../src/interop/places/place.ts";
import { call, describePlace } from "./suite.ts";
import { djangoKey } from "./tables.ts";

const NOW = 1_700_000_000_000;
const keyFor = (key: string): string => `session:${key}`;
// cachelib's files hold pickles.
const PICKLE = Buffer.concat([
  Buffer.from([0x80, 5]),
  Uint8Array.from({ length: 256 }, (_, value) => value),
]);

let folder = "";
let django: ForeignPlace;
let flask: ForeignPlace;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sojourn-rows-"));
  django = djangoFiles(folder, "sessionid");
  flask = cachelibFiles({ folder, hash: "md5", keyFor });
});
afterAll(() => rm(folder, { recursive: true }));

describePlace("Django's files", () => django, { newKey: djangoKey, tellsEnd: false });

describe("sessions of Django in files", () => {
  it("lie where Django looks, for their owner alone, and nothing beside them", async () => {
    const key = djangoKey();
    await django.insert(key, { bytes: Buffer.from("text"), endsAt: NOW }, call(NOW));
    const path = join(folder, `sessionid${key}`);
    expect(await readFile(path, "utf8")).toBe("text");
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await readdir(folder)).filter((name) => /lock|_out_/.test(name))).toEqual([]);
  });

  it.each(["../../etc/passwd", "", "a".repeat(31), `${"a".repeat(31)}/`, `${"a".repeat(32)}\n`])(
    "are not looked for by the key %j",
    async (key) => {
      await writeFile(join(folder, "sessionid"), "not a session");
      const row = { bytes: Buffer.from("x"), endsAt: NOW };
      expect(await django.read(key, call(NOW))).toBeUndefined();
      expect(await django.insert(key, row, call(NOW))).toBe(false);
      expect(await django.remove(key, undefined, call(NOW))).toBe(false);
    },
  );

  it("are waited for while another process works on them, and no longer than it lives", async () => {
    const key = djangoKey();
    const lock = join(folder, `.lock-sessionid${key}`);
    const row = { bytes: Buffer.from("x"), endsAt: NOW };
    await writeFile(lock, "");
    const soon = { now: NOW, signal: AbortSignal.timeout(50) };
    await expect(django.insert(key, row, soon)).rejects.toThrow(/deadline/);
    await utimes(lock, 1, 1);
    expect(await django.insert(key, row, call(NOW))).toBe(true);
  });
});

describe("sessions of Flask in files of cachelib", () => {
  it("are read and replaced byte by byte, with the end in front", async () => {
    const endsAt = NOW + 9_000;
    expect(await flask.insert("a", { bytes: PICKLE, endsAt }, call(NOW))).toBe(true);
    expect(await flask.insert("a", { bytes: PICKLE, endsAt }, call(NOW))).toBe(false);
    const row = await flask.read("a", call(NOW));
    expect(Buffer.from(row?.bytes ?? []).equals(PICKLE)).toBe(true);
    expect(row?.endsAt).toBe(endsAt);
    // md5("session:a")
    const stored = await readFile(join(folder, "147816dabc1ef2f52c9a8613817b5272"));
    expect(stored.subarray(4).equals(PICKLE)).toBe(true);
  });

  it("lets one of twenty win", async () => {
    await flask.insert("race", { bytes: PICKLE, endsAt: NOW + 9_000 }, call(NOW));
    const attempts = Array.from({ length: 20 }, (_, n) =>
      flask.replace(
        "race",
        PICKLE,
        { bytes: Buffer.concat([PICKLE, Buffer.of(n)]), endsAt: NOW + 9_000 },
        call(NOW),
      ),
    );
    expect((await Promise.all(attempts)).filter(Boolean)).toHaveLength(1);
  });

  it("are absent from their end on", async () => {
    const row = { bytes: PICKLE, endsAt: NOW };
    await flask.insert("expired", row, call(NOW - 1_000));
    expect(await flask.read("expired", call(NOW))).toBeUndefined();
    expect(await flask.replace("expired", PICKLE, row, call(NOW))).toBe(false);
    expect(await flask.remove("expired", undefined, call(NOW))).toBe(false);
    const after = { bytes: PICKLE, endsAt: NOW + 1_000 };
    expect(await flask.insert("expired", after, call(NOW))).toBe(true);
  });

  it("are read as cachelib up to 0.6 wrote them, and stay so", async () => {
    // pickle.dumps(1700000009, 1), and the file of the key "session:old".
    const head = Buffer.from([0x4a, 0x09, 0xf1, 0x53, 0x65, 0x2e]);
    const path = join(folder, createHash("md5").update("session:old").digest("hex"));
    await writeFile(path, Buffer.concat([head, PICKLE]));
    const row = await flask.read("old", call(NOW));
    expect(Buffer.from(row?.bytes ?? []).equals(PICKLE)).toBe(true);
    expect(row?.endsAt).toBe(NOW + 9_000);
    const after = { bytes: PICKLE, endsAt: NOW + 9_000 };
    expect(await flask.replace("old", PICKLE, after, call(NOW))).toBe(true);
    expect((await readFile(path)).subarray(0, 6).equals(head)).toBe(true);
  });

  it("are none where the file is something else", async () => {
    const path = join(folder, createHash("md5").update("session:odd").digest("hex"));
    for (const content of ["", "J", "what?", "K\u0001"]) {
      await writeFile(path, content);
      expect(await flask.read("odd", call(NOW))).toBeUndefined();
    }
  });

  it("go by the newer name where they are told to", async () => {
    const sha = cachelibFiles({ folder, hash: "sha256", keyFor });
    await sha.insert("a", { bytes: PICKLE, endsAt: NOW + 9_000 }, call(NOW));
    const name = createHash("sha256").update("session:a").digest("hex");
    expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
  });
});
