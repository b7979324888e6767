import type { Config } from "@react-router/dev/config";

export default {
  ssr: true,
  // Behind a proxy that ends TLS React Router takes each form for one of another origin. The sessions
  // refuse what another site's page sends; name your hosts here for actions that open none.
  allowedActionOrigins: ["**"],
} satisfies Config;
