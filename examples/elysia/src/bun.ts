import { application } from "./app.ts";

const port = Number(process.env["PORT"] ?? 3000);
application().listen(port, (server) => console.log(`Open http://localhost:${server.port}`));
