import { formatter } from "@lingui/format-po";
import { defineConfig } from "@lingui/cli";

/** One catalog for each part that is loaded by itself. The shell's is there from the start. */
const FEATURES = ["annotate", "auth", "datasets", "lead", "models", "projects", "rounds", "runs", "settings"];

export default defineConfig({
  sourceLocale: "en",
  locales: ["en", "ar"],
  catalogs: [
    { path: "src/locales/{locale}/shell", include: ["src/app", "src/components", "src/lib", "src/api"] },
    ...FEATURES.map((name) => ({ path: `src/locales/{locale}/${name}`, include: [`src/features/${name}`] })),
  ],
  format: formatter({ lineNumbers: false }),
  orderBy: "message",
});
