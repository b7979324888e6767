import { Module } from "@nestjs/common";
import { SessionModule } from "sojourn/nest";
import { AppController } from "./app.controller.js";
import { sessions } from "./sessions.js";

@Module({
  imports: [SessionModule.forRoot(sessions)],
  controllers: [AppController],
})
export class AppModule {}
