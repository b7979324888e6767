import adapter from "@sveltejs/adapter-node";

/** @type {import("@sveltejs/kit").Config} */
export default {
  kit: {
    adapter: adapter(),
    // The suite posts as programs do, without an Origin.
    csrf: { trustedOrigins: ["*"] },
    experimental: { remoteFunctions: true },
  },
};
