import type { Config } from "@react-router/dev/config";

export default {
  ssr: true,
  // Behind a proxy that ends TLS React Router takes each form for one of another origin: name the hosts
  // that browsers ask for, such as "shop.example". "*" is any without a dot: localhost, to try it.
  allowedActionOrigins: ["*"],
} satisfies Config;
