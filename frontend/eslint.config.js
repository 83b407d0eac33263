import js from "@eslint/js";
import hooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

const FEATURES = ["auth", "projects", "annotate", "lead", "datasets", "runs", "rounds", "models", "settings"];

/** Features meet in src/app only: none imports another, and shared code imports none of them. */
const boundaries = FEATURES.map((feature) => ({
  files: [`src/features/${feature}/**`],
  rules: {
    "no-restricted-imports": [
      "error",
      {
        patterns: [
          {
            group: FEATURES.filter((other) => other !== feature).map((other) => `@/features/${other}/*`),
            message: "Features never import each other; move what is shared to src/components or src/lib.",
          },
          { group: ["@/app/*"], message: "Features do not import the shell." },
        ],
      },
    ],
  },
}));

export default tseslint.config(
  { ignores: ["dist", "node_modules", "src/api/schema.d.ts"] },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  hooks.configs.flat["recommended-latest"] ?? hooks.configs.flat.recommended,
  {
    files: ["**/*.{ts,tsx}"],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      // The router redirects by throwing what redirect() returns.
      "@typescript-eslint/only-throw-error": "off",
      "no-console": "error",
    },
  },
  { files: ["**/*.js", "**/*.cjs"], ...tseslint.configs.disableTypeChecked },
  { files: ["postcss.config.cjs"], languageOptions: { globals: { module: "writable" } } },
  {
    files: ["src/components/**", "src/lib/**", "src/api/**"],
    rules: { "no-restricted-imports": ["error", { patterns: ["@/features/*", "@/app/*"] }] },
  },
  ...boundaries,
);
