import { describe, expect, it } from "vitest";
import { Shares } from "../../demo/shares.ts";
import { Throttle } from "../../demo/throttle.ts";

const TOO_MANY = expect.objectContaining({ status: 429 });

describe("The throttle", () => {
  it("lets a key have its tries, and says how long it has none left", () => {
    const throttle = new Throttle({ limit: 2, windowMs: 10_000, now: () => 0 });
    throttle.take("a");
    throttle.take("a");
    throttle.take("b");
    expect(() => throttle.take("a")).toThrow(
      expect.objectContaining({ status: 429, retryAfterSeconds: 10 }),
    );
  });

  it("gives a try back", () => {
    const throttle = new Throttle({ limit: 1, windowMs: 10_000, now: () => 0 });
    const giveBack = throttle.take("a");
    giveBack();
    throttle.take("a");
    expect(() => throttle.take("a")).toThrow(TOO_MANY);
  });

  it("begins anew when the window is over, whatever was given back meanwhile", () => {
    let now = 0;
    const throttle = new Throttle({ limit: 1, windowMs: 10_000, now: () => now });
    const giveBack = throttle.take("a");
    now = 10_000;
    throttle.take("a");
    giveBack();
    expect(() => throttle.take("a")).toThrow(TOO_MANY);
  });

  it("remembers the newest ten thousand keys, and no more", () => {
    const throttle = new Throttle({ limit: 1, windowMs: 10_000, now: () => 0 });
    for (let at = 0; at < 10_001; at += 1) throttle.take(`key ${at}`);
    expect(() => throttle.take("key 1")).toThrow(TOO_MANY);
    throttle.take("key 0");
  });
});

describe("Shares", () => {
  it("are as many as the limit for each key, and free again when left", () => {
    const shares = new Shares(1);
    const leave = shares.take("a");
    shares.take("b");
    expect(() => shares.take("a")).toThrow(expect.objectContaining({ status: 503 }));
    leave();
    shares.take("a");
  });
});
