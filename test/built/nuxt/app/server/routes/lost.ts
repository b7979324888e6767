export { default } from "../api/lost.ts";
