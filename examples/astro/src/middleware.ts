import { sessionMiddleware } from "sojourn/astro";
import { sessions } from "./lib/sessions";

export const onRequest = sessionMiddleware(sessions, { accessor: true });
