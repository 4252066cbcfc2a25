import type { Command } from "commander";
import { addDoctorCommand } from "./trainer-doctor.ts";
import { addInstallCommand } from "./trainer-install.ts";
import { addProxyCommand } from "./trainer-proxy.ts";
import { addServeRemoteCommand } from "./trainer-serve-remote.ts";
import { addStartCommand } from "./trainer-start.ts";
import { addStatusCommand } from "./trainer-status.ts";
import { addStopCommand } from "./trainer-stop.ts";

export function addTrainerCommand(program: Command): void {
  const command = program
    .command("trainer")
    .description("The training engine: SkyRL's Tinker server on this machine or another.");
  addStartCommand(command);
  addStopCommand(command);
  addStatusCommand(command);
  addDoctorCommand(command);
  addInstallCommand(command);
  addProxyCommand(command);
  addServeRemoteCommand(command);
}
