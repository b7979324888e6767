import { createMiddleware } from "@solidjs/start/middleware";
import { sessionMiddleware } from "sojourn/h3";
import { sessions } from "./sessions";

export default createMiddleware([sessionMiddleware(sessions)]);
