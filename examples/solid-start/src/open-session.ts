import { getRequestEvent } from "solid-js/web";
import { sessions } from "./sessions";

/** The session of the request that is being answered. */
export async function openSession() {
  const event = getRequestEvent();
  if (event === undefined) throw new Error("Only on the server there is a session.");
  return sessions.open(event.request);
}
