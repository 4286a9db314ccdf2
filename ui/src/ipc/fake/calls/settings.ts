/** What is chosen and kept: the theme, the place, protection and surfaces. */
import type { Host } from "../../host";
import { placeOf } from "../edits";
import type { FakeHealth } from "../health";
import type { Stage } from "./stage";

/** The calls about settings. */
export function settingCalls(stage: Stage, health: FakeHealth) {
  const { world } = stage;

  return {
    async setTheme(theme) {
      await stage.begin("setTheme", theme);
      world.theme = theme;
      return null;
    },

    async setNotices(on) {
      await stage.begin("setNotices", on);
      world.desktopNotices = on;
      return null;
    },

    async rememberPlace(place) {
      await stage.begin("rememberPlace", place);
      world.lastPlace = place;
      return null;
    },

    async setProtection(connection, environment, protection) {
      await stage.begin("setProtection", connection, environment, protection);
      placeOf(world, connection, environment).environment.protection = protection;
      stage.tell({ what: "app" });
      return null;
    },

    async surfaceSettings(connection) {
      await stage.begin("surfaceSettings", connection);
      return health.settingsOf(connection);
    },

    async saveSurfaceSettings(connection, settings) {
      await stage.begin("saveSurfaceSettings", connection, settings);
      return health.saveSettings(connection, settings);
    },

    async openLink(link) {
      await stage.begin("openLink", link);
      return null;
    },
  } satisfies Partial<Host>;
}
