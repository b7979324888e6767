import { createSessions, memoryStore } from "sojourn";

const memory = memoryStore();
let isAway = false;

/** From here on the store does not answer. */
export function loseStore(): void {
  isAway = true;
}

const store = new Proxy(memory, {
  get(target, name) {
    const value = Reflect.get(target, name);
    if (typeof value !== "function") return value;
    return isAway ? () => Promise.reject(new Error("nobody is there")) : value.bind(target);
  },
});

export const sessions = createSessions<{ visits: number }>({
  store,
  defaults: { visits: 0 },
  trustProxy: ["loopback"],
});
