import { command, form, getRequestEvent, query } from "$app/server";

const sessionOfEvent = () => {
  const { request } = getRequestEvent();
  return globalThis.suite.managers[0].open(request);
};

export const visits = query(async () => (await sessionOfEvent()).get("visits"));

export const count = command(async () => (await sessionOfEvent()).update("visits", (n) => n + 1));

export const signIn = form("unchecked", async () => {
  await (await sessionOfEvent()).signIn("ada");
});
