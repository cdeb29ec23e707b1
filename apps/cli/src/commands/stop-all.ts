import { command } from "../command.ts";
import { usage } from "../failure.ts";
import { plural } from "../render.ts";

export const stopAll = command({
  name: "stop-all",
  summary: "Stop dialling now: pause every campaign of the workspace, or of everybody",
  options: {
    platform: { help: "Stop the whole installation (platform admin)" },
    release: { help: "With --platform: let it dial again" },
    reason: { value: "TEXT", help: "Why, for the history" },
  },
  async run({ options, session }) {
    const { api } = session.open();
    const { terminal } = session;
    if (options.release && !options.platform)
      throw usage("--release goes with --platform; a campaign is resumed with “parley campaign resume”.");
    if (options.platform) {
      const state = await api.admin.pauseDialling.mutate({
        paused: !options.release,
        reason: options.reason,
      });
      terminal.show(state, () =>
        state.paused
          ? `Nothing is dialled any more. ${plural(state.inAir, "call")} in the air end by themselves.`
          : "Dialling goes on.",
      );
      return;
    }
    const stopped = await api.campaigns.pauseAll.mutate({ reason: options.reason });
    terminal.show(
      stopped,
      () =>
        `${plural(stopped.paused, "campaign")} paused. ${plural(stopped.inAir, "call")} in the air end by themselves.`,
    );
  },
});
