import { ActionError, defineAction } from "astro:actions";
import { sessionOf } from "../lib/suite";

export const server = {
  signIn: defineAction({
    accept: "form",
    handler: async (_form, { request }) => {
      const session = await sessionOf(request);
      await session.signIn("ada");
      return session.userId;
    },
  }),
  refuse: defineAction({
    handler: async (_input, { request }) => {
      (await sessionOf(request)).set("name", "kept");
      throw new ActionError({ code: "CONFLICT", message: "Not like this" });
    },
  }),
};
