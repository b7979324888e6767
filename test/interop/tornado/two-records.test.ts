import { beforeEach, describe, expect, it } from "vitest";
import type { StoreCall } from "../../../src/core/store.ts";
import type { ForeignRows } from "../../../src/interop/foreign/foreign-sessions.ts";
import { joined, parted, withNotifications } from "../../../src/interop/tornado/two-records.ts";
import { ToyRows } from "../support/toy.ts";

const CALL: StoreCall = { now: 1_000, signal: new AbortController().signal };
const END = 90_000_000;

let sessions: ToyRows;
let notifications: ToyRows;
let rows: ForeignRows;
beforeEach(() => {
  sessions = new ToyRows();
  notifications = new ToyRows();
  rows = withNotifications(sessions, notifications);
});

function bytesOf(session?: string, notes?: string): Uint8Array {
  const bytes = (text: string | undefined): Uint8Array | undefined =>
    text === undefined ? undefined : Buffer.from(text);
  return joined({ session: bytes(session), notifications: bytes(notes) });
}

function rowOf(session?: string, notes?: string): { bytes: Uint8Array; endsAt: number } {
  return { bytes: bytesOf(session, notes), endsAt: END };
}

async function found(): Promise<readonly (string | undefined)[]> {
  const row = await rows.read("k", CALL);
  if (row === undefined) return [];
  const { session, notifications: notes } = parted(row.bytes);
  return [session?.toString(), notes?.toString()];
}

describe("a session and its notifications", () => {
  it.each([
    ["both", "s", "n"],
    ["the session alone", "s", undefined],
    ["the notifications alone", undefined, "n"],
  ])("are found, changed and taken away together: %s", async (_, session, notes) => {
    expect(await rows.read("k", CALL)).toBeUndefined();
    expect(await rows.insert("k", rowOf(session, notes), CALL)).toBe(true);
    expect(await rows.insert("k", rowOf(session, notes), CALL)).toBe(false);
    expect(await found()).toEqual([session, notes]);
    const before = bytesOf(session, notes);
    expect(await rows.replace("k", before, rowOf("s2", "n2"), CALL)).toBe(true);
    expect(await found()).toEqual(["s2", "n2"]);
    expect(await rows.replace("k", before, rowOf("s3", "n3"), CALL)).toBe(false);
    expect(await rows.remove("k", before, CALL)).toBe(false);
    expect(await rows.remove("k", bytesOf("s2", "n2"), CALL)).toBe(true);
    expect(await found()).toEqual([]);
  });

  it("are gone by their key, whatever they are", async () => {
    await rows.insert("k", rowOf(undefined, "n"), CALL);
    expect(await rows.remove("k", undefined, CALL)).toBe(true);
    expect(await rows.remove("k", undefined, CALL)).toBe(false);
  });

  it("leave the session alone where other notifications have come", async () => {
    await rows.insert("k", rowOf("s", "n"), CALL);
    notifications.rows.set("k", { bytes: Buffer.from("n2"), endsAt: END });
    expect(await rows.replace("k", bytesOf("s", "n"), rowOf("s2", "n3"), CALL)).toBe(false);
    expect(await found()).toEqual(["s", "n2"]);
  });

  it("write what changed, and nothing else", async () => {
    await rows.insert("k", rowOf("s", "n"), CALL);
    sessions.calls.length = 0;
    expect(await rows.replace("k", bytesOf("s", "n"), rowOf("s", "n2"), CALL)).toBe(true);
    expect(sessions.calls).toEqual([]);
  });
});
