export { mounting as default } from "../../mounting.ts";
