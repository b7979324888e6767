import { sessionMiddleware } from "sojourn/h3";
import { sessions } from "../utils/sessions.ts";

export default sessionMiddleware(sessions);
