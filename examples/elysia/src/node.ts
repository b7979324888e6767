import { node } from "@elysiajs/node";
import { application } from "./app.ts";

const port = Number(process.env["PORT"] ?? 3000);
application({ adapter: node() }).listen(port, () => console.log(`Open http://localhost:${port}`));
