import { describe, expect, it } from "vitest";
import { claimName, releaseName } from "../../src/core/registry.ts";
import { createSessions, memoryStore } from "../../src/index.ts";

describe("the names of the managers on one store", () => {
  it("are given once", () => {
    const store = memoryStore();
    claimName(store, "shop");
    expect(() => claimName(store, "shop")).toThrow('"shop" is already the name');
    expect(() => claimName(store, "admin")).not.toThrow();
    expect(() => claimName(memoryStore(), "shop")).not.toThrow();
  });

  it("can be given again once they are back", () => {
    const store = memoryStore();
    claimName(store, "shop");
    releaseName(store, "shop");
    expect(() => claimName(store, "shop")).not.toThrow();
  });

  it("tell which manager is the last", () => {
    const store = memoryStore();
    claimName(store, "shop");
    claimName(store, "admin");
    expect(releaseName(store, "shop")).toBe(false);
    expect(releaseName(store, "shop")).toBe(false);
    expect(releaseName(store, "admin")).toBe(true);
    expect(releaseName(store, "admin")).toBe(false);
    expect(releaseName(memoryStore(), "shop")).toBe(false);
  });

  it("are not taken by a manager that was refused for another reason", () => {
    const store = memoryStore();
    expect(() => createSessions({ store, cookie: { domain: "." } })).toThrow("cookie.domain");
    expect(() => createSessions({ store })).not.toThrow();
  });
});
