import { defineHandler } from "nitro";
import { suite } from "../../../suite.ts";

export default defineHandler(async (event) => {
  await (await suite().managers[0]?.open(event))?.signIn("ada");
  return "signed in";
});
