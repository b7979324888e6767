import { sessionPlugin } from "sojourn/nuxt";

export default defineNitroPlugin(sessionPlugin(sessions));
