import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Programs } from "./programs.ts";
import { type Machine, machine } from "./requirements.ts";
import { setTable } from "./set-table.ts";

const HOST = "127.0.0.1";

const found = machine();
if (typeof found === "string") {
  console.error(found);
  process.exitCode = 1;
} else {
  await open(found);
}

async function open(found: Machine): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "round-table-"));
  let isClosing = false;
  /** The programs end, and their folder goes; what this process still holds open ends with it. */
  const close = async (code: number): Promise<void> => {
    if (isClosing) return;
    isClosing = true;
    await programs.stop();
    await rm(folder, { recursive: true });
    process.exit(code);
  };
  const giveUp = (reason: string): void => {
    if (!isClosing) console.error(`The table is taken away: ${reason}`);
    void close(1);
  };
  const programs = new Programs(giveUp);
  process.on("SIGINT", () => void close(0));
  process.on("SIGTERM", () => void close(0));

  if (found.records === "memcached") {
    console.log("There is no Redis here: Tornado's sessions lie in Memcached.");
  }
  console.log("Flask, Django, Tornado and FastAPI take their seats …");
  try {
    const server = await setTable({ ...found, folder, programs });
    server.listen(Number(process.env["PORT"] ?? 3100), HOST);
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    console.log(`The round table is set at http://${HOST}:${port} (Ctrl-C takes it away)`);
  } catch (error) {
    giveUp(String(error));
  }
}
