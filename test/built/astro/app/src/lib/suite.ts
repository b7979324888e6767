import type { Session } from "sojourn";
import type { AdapterData } from "sojourn/testing";

/** The session of a request, of the manager that the test has handed over. */
export async function sessionOf(request: Request): Promise<Session<AdapterData>> {
  const sessions = globalThis.suite?.managers[0];
  if (sessions === undefined) throw new Error("The test has handed over no manager.");
  return sessions.open(request);
}
