import { createClient } from "redis";

/** The client of the `redis` package, as each README sets it up. */
export async function connectRedis(options = {}) {
  const client = createClient({ url: process.env.RACES_REDIS, ...options });
  // Without a listener an outage ends the process.
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

/** What the stores of most libraries are over Redis: a key each, and its JSON. */
export async function jsonInRedis() {
  const client = await connectRedis();
  const DAY = 86_400;
  return {
    get: async (id) => JSON.parse(await client.get(`session:${id}`)),
    set: (id, value) => client.set(`session:${id}`, JSON.stringify(value), { EX: DAY }),
    delete: (id) => client.del(`session:${id}`),
  };
}
