import { sessionHandle } from "sojourn/sveltekit";
import { sessions } from "./lib/server/sessions";

export const handle = sessionHandle(sessions, { accessor: true });
