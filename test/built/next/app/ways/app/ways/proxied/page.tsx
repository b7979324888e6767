export { View as default } from "../view";
