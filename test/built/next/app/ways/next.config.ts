import type { NextConfig } from "next";

const config: NextConfig = { experimental: { useCache: true } };

export default config;
