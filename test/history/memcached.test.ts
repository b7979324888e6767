import { describeHistory } from "./suite.ts";

describeHistory("memcached", 5);
