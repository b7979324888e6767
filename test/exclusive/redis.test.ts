import { describeRefresh } from "./suite.ts";

describeRefresh("redis");
