import { describeRefresh } from "./suite.ts";

describeRefresh("file");
