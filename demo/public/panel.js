// Brings the panel "Behind the counter" to life. Without this file it is a page as any other, and
// shows what was so when the page was made.
import { offerDrawer } from "./panel/drawer.js";
import { enliven } from "./panel/live.js";

const panel = document.getElementById("panel");
const tab = document.querySelector(".tab");
if (panel !== null) enliven(panel);
if (tab !== null) offerDrawer(tab);
