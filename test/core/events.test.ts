import { describe, expect, expectTypeOf, it, vi } from "vitest";
import { Events, type SessionEvents } from "../../src/core/events.ts";

const CREATED: SessionEvents["created"] = { at: 1, id: "s_1", userId: undefined };

function events(): { events: Events; notices: string[] } {
  const notices: string[] = [];
  return { events: new Events((sentence) => void notices.push(sentence)), notices };
}

describe("a listener", () => {
  it("hears what it listens to, and nothing else", () => {
    const { events: them } = events();
    const listener = vi.fn();
    them.on("created", listener);
    them.emit("created", CREATED);
    them.emit("destroyed", CREATED);
    expect(listener.mock.calls).toEqual([[CREATED, undefined]]);
  });

  it("hears in the order in which listeners were added", () => {
    const { events: them } = events();
    const heard: number[] = [];
    them.on("created", () => heard.push(1));
    them.on("created", () => heard.push(2));
    them.emit("created", CREATED);
    expect(heard).toEqual([1, 2]);
  });

  it("that was added twice is two, each with an off of its own", () => {
    const { events: them } = events();
    const listener = vi.fn();
    const off = them.on("created", listener);
    them.on("created", listener);
    off();
    off();
    them.emit("created", CREATED);
    expect(listener).toHaveBeenCalledTimes(1);
  });

  it("may stop listening, or add another, while it is called", () => {
    const { events: them } = events();
    const late = vi.fn();
    const off = them.on("created", () => {
      off();
      them.on("destroyed", late);
    });
    them.emit("created", CREATED);
    them.emit("created", CREATED);
    expect(late).not.toHaveBeenCalled();
    them.emit("destroyed", CREATED);
    expect(late).toHaveBeenCalledTimes(1);
  });

  it("that throws harms neither the others nor the request", () => {
    const { events: them, notices } = events();
    const other = vi.fn();
    them.on("created", () => {
      throw new Error("the log is full");
    });
    them.on("created", other);
    expect(() => them.emit("created", CREATED)).not.toThrow();
    expect(other).toHaveBeenCalledTimes(1);
    expect(notices.join()).toMatch(/"created".*the log is full/);
  });

  it.each([
    ["an Error", new Error("no audit trail"), /"created".*no audit trail/],
    ["something without a text", Object.create(null), /"created" failed/],
    ["a symbol", Symbol("x"), /"created" failed/],
  ])("that rejects with %s is complained of", async (_name, reason, sentence) => {
    const { events: them, notices } = events();
    them.on("created", async () => {
      throw reason;
    });
    them.emit("created", CREATED);
    await vi.waitFor(() => expect(notices.join()).toMatch(sentence), { timeout: 20_000 });
  });

  it("knows its event by the name", () => {
    const { events: them } = events();
    them.on("signedIn", (event) => {
      expectTypeOf(event.previousId).toEqualTypeOf<string | undefined>();
    });
    // @ts-expect-error there is no such event
    them.on("logout", () => undefined);
    // @ts-expect-error events are read-only
    them.on("created", (event) => (event.id = "x"));
  });
});
