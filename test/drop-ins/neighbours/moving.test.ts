import { movingStory } from "./support/moving-story.ts";
import { openConnectPgSimple, openConnectRedis, openSessionFileStore } from "./support/theirs.ts";

movingStory("connect-redis", openConnectRedis);
movingStory("connect-pg-simple", openConnectPgSimple);
movingStory("session-file-store", openSessionFileStore);
