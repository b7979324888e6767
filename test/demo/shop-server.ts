import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const SERVER = fileURLToPath(new URL("../../demo/server.ts", import.meta.url));
const LATER = new URL("later.ts", import.meta.url).href;

/** The demo shop in a process of its own, so that it can be killed. */
export interface ShopServer {
  readonly url: string;
  readonly port: number;
  /** Sets the clock of the process eleven minutes on, a little after this call. */
  later(): void;
  /** Ends the process and resolves to its exit code, or to `null` where the signal ended it. */
  end(signal: "SIGKILL" | "SIGTERM"): Promise<number | null>;
}

export async function startShop(database: string, port = 0): Promise<ShopServer> {
  const child = spawn(process.execPath, ["--import", LATER, SERVER], {
    env: { ...process.env, NODE_ENV: "development", PORT: String(port), DATABASE: database },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  const ended = exited.then(([code]) => {
    throw new Error(`The shop ended before it was open (exit code ${code}).`);
  });
  const [line] = await Promise.race([once(child.stdout, "data"), ended]);
  const url = /http:\S+/.exec(String(line))?.[0] ?? "";
  return {
    url,
    port: Number(new URL(url).port),
    later: () => void child.kill("SIGUSR2"),
    async end(signal) {
      child.kill(signal);
      const [code] = await exited;
      return code;
    },
  };
}
