import { createCsrfMiddleware, createMiddleware, createStart } from "@tanstack/react-start";
import { sessionMiddleware } from "sojourn/tanstack-start";
import { sessions } from "./sessions";

const session = createMiddleware().server(sessionMiddleware(sessions));
const csrf = createCsrfMiddleware({ filter: ({ handlerType }) => handlerType === "serverFn" });

export const startInstance = createStart(() => ({ requestMiddleware: [session, csrf] }));
