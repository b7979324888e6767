import { afterAll } from "vitest";
import { SiteServers } from "../support/site-servers.ts";
import { describePycket } from "./pycket-laws.ts";

const servers = new SiteServers();
afterAll(() => servers.stop());
const memcached = `127.0.0.1:${(await servers.get("memcached")).port}`;

describePycket("pycket on Memcached", servers, (cookieSecret) => ({ memcached, cookieSecret }));
