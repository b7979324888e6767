import { describeHistory } from "./suite.ts";

describeHistory("ioredis", 4);
