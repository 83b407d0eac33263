import js from "@eslint/js";
import lingui from "eslint-plugin-lingui";
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

/** What is never read by a person: names of styles, keys, addresses, columns of files. */
const NOT_WORDS = {
  useTsTypes: true,
  ignore: [
    // Lower-case codes and names of events; a word of a sentence stands in a longer text.
    "^[a-z0-9]+(?:[-_.:/@$\\[\\]=#()>,*?%'\"+]+[A-Za-z0-9]*)*$",
    "^[a-z]+[A-Z][A-Za-z]*$",
    "^(?:--|var\\(|color-mix|\\(max-width|/[A-Za-z-]+(?:/|$)|\\.|#|https?:|min\\(|max\\(|calc\\()",
    // Names of formats, methods and of the product.
    "^(?:[A-Z]{1,5}|JSONL|LoRA|SHA-256|LR scheduler|(?:· )?Plumbline|English|العربية|Esc|Ctrl|[A-Z]\\w+Error|PageNotLoaded)$",
    "^(?:\\d+B(?:-LoRA)?|[A-Z]+_[A-Z]+|T00:00:00)$",
    // Statistics, units of style sheets, endings of columns.
    "^[^A-Za-z]*n =[^A-Za-z]*$",
    "^\\d+px ",
    "^_[a-z]+$",
    "^(?:Arrow(?:Left|Right|Up|Down)|Enter|Escape|Tab|Shift|Home|End|Backspace|Delete)$",
  ],
  ignoreNames: [
    { regex: { pattern: "className|classNames|style|^data-|[cC]lass$" } },
    "to", "from", "href", "key", "keys", "id", "type", "role", "d", "viewBox", "transform", "fill", "stroke",
    "queryKey", "row", "autoComplete", "fontFamily", "fontFamilyMonospace", "displayName",
  ],
  ignoreFunctions: [
    "*.includes", "*.startsWith", "*.endsWith", "*.replace", "*.replaceAll", "*.split", "*.join", "*.get", "*.set", "*.has",
    "*.append", "*.getItem", "*.setItem", "*.removeItem", "*.addEventListener", "*.removeEventListener", "*.matches",
    "*.closest", "*.querySelector", "*.querySelectorAll", "*.getElementById", "*.createElement", "*.setAttribute",
    "*.getPropertyValue", "*.dispatchEvent", "*.setRequestHeader", "*.toLocaleString", "*.glob",
    "api.*", "useParams", "useSearch", "useNavigate", "lazyPage", "cva", "Error", "SyntaxError", "Set", "RegExp", "URLSearchParams",
  ],
};

// Lingui has a Select of its own, and takes Mantine's for it.
const IN_SELECT =
  "JSXOpeningElement[name.name='Select'] :matches(JSXAttribute[name.name=/^(label|placeholder|description|aria-label|nothingFoundMessage)$/], " +
  "Property[key.name='label']) > :matches(Literal, TemplateLiteral)[value!=/^[^a-z]*$/]";
const LONE_WORD = "JSXElement:not([openingElement.name.name='Trans']) > JSXText[value=/^\\s*[a-z]{2,}\\s*$/]";

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
  {
    files: ["src/**/*.{ts,tsx}"],
    ignores: ["src/**/*.test.*", "src/**/fixtures.ts", "src/api/schema.d.ts"],
    plugins: { lingui },
    rules: {
      "lingui/no-unlocalized-strings": ["error", NOT_WORDS],
      "lingui/t-call-in-function": "error",
      "lingui/no-single-variables-to-translate": "error",
      "lingui/no-trans-inside-trans": "error",
      // A single small word looks like a code to the rule above.
      "no-restricted-syntax": [
        "error",
        { selector: LONE_WORD, message: "Wrap the word with <Trans>." },
        { selector: IN_SELECT, message: "Mark the words with t``." },
      ],
    },
  },
);
