import { defineHandler } from "nitro";
import { answer } from "../../suite.ts";

export default defineHandler((event) => answer(event));
