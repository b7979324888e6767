import type { Request } from "express";
import { describe, expect, it } from "vitest";
import type { Accounts, User } from "../../demo/accounts.ts";
import { PasswordGuard } from "../../demo/password-guard.ts";
import { newEmail } from "./client.ts";

const ADA: User = { id: "1", name: "Ada", email: "ada@example.com" };
const EVE: User = { id: "2", name: "Eve", email: "ada@example.com" };
const WRONG = "not the password";

/** Two people who name the same e-mail, and passwords that cost nothing. */
const accounts: Accounts = {
  register: async () => ADA,
  authenticate: async (email, password) =>
    [ADA, EVE].find((user) => user.email === email && user.name === password),
  find: () => undefined,
};

function from(ip: string): Request {
  return { ip } as Request;
}

/** The status that a visitor sees: 200 for the right password, 422 for a wrong one. */
async function statusOf(guess: Promise<unknown>): Promise<number> {
  try {
    return (await guess) ? 200 : 422;
  } catch (error) {
    return (error as { status: number }).status;
  }
}

describe("The password guard", () => {
  it("lets an address guess at thirty accounts", async () => {
    const guard = new PasswordGuard(accounts);
    const guess = (email: string): Promise<number> =>
      statusOf(guard.authenticate(from("a"), email, WRONG));
    for (let at = 0; at < 30; at += 1) expect(await guess(`${at}@example.com`)).toBe(422);
    expect(await guess("30@example.com")).toBe(429);
  });

  it("lets a hundred guesses at an account come from anywhere", async () => {
    const guard = new PasswordGuard(accounts);
    const guess = (ip: string): Promise<number> =>
      statusOf(guard.authenticate(from(ip), ADA.email, WRONG));
    for (let at = 0; at < 100; at += 1) expect(await guess(`address ${at}`)).toBe(422);
    expect(await guess("another address")).toBe(429);
  });

  it("does not begin to count anew at an own account under the same e-mail", async () => {
    const guard = new PasswordGuard(accounts);
    const guess = (password: string): Promise<number> =>
      statusOf(guard.authenticate(from("a"), ADA.email, password));
    for (let at = 0; at < 10; at += 1) {
      expect(await guess(WRONG)).toBe(422);
      if (at < 9) expect(await guess("Eve")).toBe(200);
    }
    expect(await guess("Ada")).toBe(429);
  });

  it("confirms nobody by the password of another account under the same e-mail", async () => {
    const guard = new PasswordGuard(accounts);
    expect(await guard.confirm(from("a"), ADA, "Eve")).toBe(false);
    expect(await guard.confirm(from("a"), ADA, "Ada")).toBe(true);
  });

  it("counts no right password, and none that nobody looked at", async () => {
    const busy: Accounts = { ...accounts, authenticate: () => Promise.reject(new Error("busy")) };
    const guard = new PasswordGuard(busy);
    for (let at = 0; at < 50; at += 1) {
      await expect(guard.authenticate(from("a"), ADA.email, WRONG)).rejects.toThrow("busy");
    }
    const open = new PasswordGuard(accounts);
    for (let at = 0; at < 50; at += 1) {
      expect(await open.authenticate(from("a"), ADA.email, "Ada")).toBe(ADA);
    }
  });

  it("lets one visitor try two passwords of an account at once, and six of all", async () => {
    const guard = new PasswordGuard(accounts);
    const statuses = await Promise.all(
      [1, 1, 1, 2, 3, 4, 5, 6].map((email) =>
        statusOf(guard.authenticate(from("a"), `${email}@example.com`, WRONG)),
      ),
    );
    expect(statuses).toEqual([422, 422, 503, 422, 422, 422, 422, 503]);
  });

  it("counts a registration as a guess, as it may be one", async () => {
    const guard = new PasswordGuard(accounts);
    const register = (ip: string): Promise<number> =>
      statusOf(guard.register(from(ip), { name: "Eve", email: ADA.email, password: WRONG }));
    for (let at = 0; at < 10; at += 1) expect(await register("a")).toBe(200);
    expect(await register("a")).toBe(429);
    expect(await statusOf(guard.authenticate(from("a"), ADA.email, "Ada"))).toBe(429);
    for (let at = 10; at < 100; at += 1) expect(await register(`address ${at}`)).toBe(200);
    expect(await register("another address")).toBe(429);
  });

  it("makes six accounts for one address at once, and sixty in all", async () => {
    const guard = new PasswordGuard(accounts);
    const register = (): Promise<number> =>
      statusOf(guard.register(from("a"), { name: "Ada", email: newEmail(), password: WRONG }));
    const atOnce = await Promise.all(Array.from({ length: 7 }, register));
    expect(atOnce).toEqual([...Array(6).fill(200), 503]);
    for (let at = 6; at < 60; at += 1) expect(await register()).toBe(200);
    expect(await register()).toBe(429);
  });
});
