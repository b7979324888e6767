import { describe, expect, it } from "vitest";
import { createSessions, memoryStore, OptionsError, type Session } from "../../src/index.ts";

const sessions = createSessions<{ theme: string }>({
  store: memoryStore(),
  defaults: { theme: "light" },
});
const USER = { userId: "ada" };

async function within(act: (session: Session<{ theme: string }>) => Promise<void>): Promise<void> {
  const request = new Request("https://shop.example/");
  const failures: unknown[] = [];
  await sessions.handle(request, async () => {
    await act(await sessions.open(request)).catch((error: unknown) => failures.push(error));
    return new Response();
  });
  for (const failure of failures) throw failure;
}

/** As plain JavaScript may write it. */
const wrong = (options: unknown): never => options as never;

describe("A misspelt option is refused by name", () => {
  it.each<[string, (session: Session<{ theme: string }>) => Promise<unknown>]>([
    ["signIn.persist", (session) => session.signIn("ada", wrong({ persist: true }))],
    ["signOut.keeps", (session) => session.signOut(wrong({ keeps: ["theme"] }))],
    ["open.frash", () => sessions.open(new Request("https://a/"), wrong({ frash: true }))],
    ["revoke.userID", (session) => sessions.revoke(session.id, wrong({ userID: "ada" }))],
    ["revokeAll.exept", (session) => sessions.revokeAll(wrong({ ...USER, exept: session.id }))],
    ["handle.remoteAdress", () => handled(wrong({ remoteAdress: "::1" }))],
  ])("%s", async (option, act) => {
    await within(async (session) => {
      await session.signIn("ada");
      await expect(act(session)).rejects.toThrow(expect.objectContaining({ option }));
      expect(await sessions.find(session.id)).toMatchObject(USER);
    });
  });

  it("in an options object that is none", async () => {
    await within(async (session) => {
      await expect(session.signIn("ada", wrong("persistent"))).rejects.toThrow(OptionsError);
      await expect(session.signOut(wrong(["theme"]))).rejects.toThrow(OptionsError);
      await expect(sessions.revoke(session.id, wrong("ada"))).rejects.toThrow(OptionsError);
      await expect(sessions.revokeAll(wrong(undefined))).rejects.toThrow(OptionsError);
    });
  });
});

function handled(options: never): Promise<Response> {
  return sessions.handle(new Request("https://a/"), () => new Response(), options);
}

describe("Listening", () => {
  it("to what never happens is refused, with what does", () => {
    const listen = (): unknown => sessions.on(wrong("signin"), () => undefined);
    expect(listen).toThrow(/^on\("signin"\): .*signedIn/);
  });

  it("by what is no function is refused", () => {
    expect(() => sessions.on("signedIn", wrong(undefined))).toThrow(/^on\(listener\): /);
  });
});

describe("A handler that returns no Response", () => {
  it.each([undefined, "text", {}])("is answered with 500, and told: %j", async (page) => {
    const told: string[] = [];
    const onError = ({ message }: Error): unknown => told.push(message);
    const manager = createSessions({ name: "told", store: memoryStore(), onError });
    const request = new Request("https://shop.example/");
    const handler = async (): Promise<never> => {
      await manager.open(request);
      return wrong(page);
    };
    expect((await manager.handle(request, handler)).status).toBe(500);
    expect(told).toEqual(["handle(handler): it must return a Response, or a promise of one."]);
  });
});
