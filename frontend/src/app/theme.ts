import { t } from "@lingui/core/macro";

import {
  createTheme,
  defaultVariantColorsResolver,
  type CSSVariablesResolver,
  type MantineColorsTuple,
  type VariantColorsResolver,
} from "@mantine/core";

const teal: MantineColorsTuple = [
  "#eef8f6", "#d8efec", "#b0e0da", "#82cdc5", "#55b8ae",
  "#2f9c93", "#1b8079", "#0f6b66", "#0b5551", "#083f3d",
];

/** The one warm tone: what needs care, and errors. */
const ochre: MantineColorsTuple = [
  "#fdf4ea", "#fae4cb", "#f3c997", "#ebab61", "#e2923a",
  "#cf7a1f", "#b36312", "#97500e", "#78400c", "#582f0a",
];

const gray: MantineColorsTuple = [
  "#f6f7f5", "#eff0ed", "#e4e5e1", "#d5d7d2", "#bcc0ba",
  "#949a95", "#737a76", "#575e5a", "#363c39", "#191c1b",
];

const dark: MantineColorsTuple = [
  "#e6eae8", "#b9c1bd", "#98a19d", "#6c7572", "#39413e",
  "#272d2b", "#161a19", "#0f1211", "#0b0d0c", "#070908",
];

/** What can be done next has the one accent, with a text colour that is readable on it in both schemes. */
const variantColours: VariantColorsResolver = (input) => {
  const colours = defaultVariantColorsResolver(input);
  if (input.variant !== "filled" || (input.color !== undefined && input.color !== "teal")) return colours;
  return {
    ...colours,
    background: "var(--pl-accent)",
    hover: "color-mix(in srgb, var(--pl-accent) 88%, var(--mantine-color-text))",
    color: "var(--pl-on-accent)",
  };
};

const DIALOG = {
  closeButtonProps: { get "aria-label"() { return t`Close`; } },
  styles: { title: { fontSize: 17, fontWeight: 620 } },
  // Its header is no landmark of the page.
  attributes: { header: { role: "presentation" } },
};

export const theme = createTheme({
  primaryColor: "teal",
  primaryShade: { light: 7, dark: 4 },
  variantColorResolver: variantColours,
  colors: { teal, ochre, gray, dark },
  white: "#ffffff",
  black: "#191c1b",
  fontFamily: '"Inter Variable", "Noto Sans Arabic Variable", system-ui, sans-serif',
  fontFamilyMonospace: '"JetBrains Mono Variable", ui-monospace, monospace',
  fontSizes: { xs: "12px", sm: "13.5px", md: "15px", lg: "17px", xl: "20px" },
  lineHeights: { xs: "1.45", sm: "1.5", md: "1.55", lg: "1.6", xl: "1.4" },
  spacing: { xs: "8px", sm: "12px", md: "16px", lg: "24px", xl: "32px" },
  radius: { xs: "3px", sm: "5px", md: "7px", lg: "10px", xl: "16px" },
  defaultRadius: "md",
  cursorType: "pointer",
  respectReducedMotion: true,
  headings: {
    fontFamily: '"Inter Variable", "Noto Sans Arabic Variable", system-ui, sans-serif',
    fontWeight: "620",
    sizes: {
      h1: { fontSize: "24px", lineHeight: "32px" },
      h2: { fontSize: "17px", lineHeight: "24px" },
      h3: { fontSize: "15px", lineHeight: "24px" },
      h4: { fontSize: "13.5px", lineHeight: "20px" },
    },
  },
  components: {
    Button: { defaultProps: { size: "sm" }, styles: { root: { fontWeight: 560 } } },
    InputWrapper: { defaultProps: { inputWrapperOrder: ["label", "input", "description", "error"] } },
    TextInput: { defaultProps: { size: "sm" } },
    PasswordInput: {
      defaultProps: { size: "sm", visibilityToggleButtonProps: { get "aria-label"() { return t`Toggle password visibility`; } } },
    },
    Textarea: { defaultProps: { size: "sm" } },
    Select: { defaultProps: { size: "sm", checkIconPosition: "right" } },
    NumberInput: { defaultProps: { size: "sm" } },
    Tooltip: { defaultProps: { openDelay: 350, withArrow: false, transitionProps: { duration: 80 } } },
    Modal: { defaultProps: { ...DIALOG, transitionProps: { duration: 100 }, centered: true } },
    Drawer: { defaultProps: { ...DIALOG, transitionProps: { duration: 120 }, position: "right" } },
    Menu: { defaultProps: { transitionProps: { duration: 80 }, shadow: "sm" } },
    Popover: { defaultProps: { transitionProps: { duration: 80 }, shadow: "sm" } },
    Skeleton: { defaultProps: { radius: "sm" } },
  },
});

/** Semantic colours, so that components name a purpose and never a shade. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-body": "#fbfbfa",
    "--mantine-color-text": "#191c1b",
    "--mantine-color-dimmed": "#5a625e",
    "--mantine-color-placeholder": "#737a76",
    "--mantine-color-default": "#ffffff",
    "--mantine-color-default-hover": "#f3f4f2",
    "--mantine-color-default-border": "#d5d7d2",
    "--mantine-color-error": "#97500e",
    "--mantine-color-anchor": "#0f6b66",
    "--pl-panel": "#ffffff",
    "--pl-sunken": "#f4f5f3",
    "--pl-line": "#e4e5e1",
    "--pl-line-strong": "#c9ccc6",
    "--pl-muted": "#5a625e",
    "--pl-accent": "#0f6b66",
    "--pl-accent-soft": "#e6f3f1",
    "--pl-on-accent": "#ffffff",
    "--pl-care": "#97500e",
    "--pl-care-soft": "#fdf1e3",
    "--pl-care-line": "#ecc99d",
    "--pl-series-0": "#0b62a8",
    "--pl-series-1": "#b5670a",
    "--pl-series-2": "#0c7f6b",
    "--pl-series-3": "#9a4a86",
    "--pl-series-4": "#3f93cf",
    "--pl-series-5": "#6a5f1c",
    "--pl-series-6": "#bb4a1d",
    "--pl-series-7": "#585f6b",
  },
  dark: {
    "--mantine-color-body": "#0f1211",
    "--mantine-color-text": "#e6eae8",
    "--mantine-color-dimmed": "#9ea7a3",
    "--mantine-color-placeholder": "#7d8682",
    "--mantine-color-default": "#161a19",
    "--mantine-color-default-hover": "#1d2221",
    "--mantine-color-default-border": "#343b38",
    "--mantine-color-error": "#eba75c",
    "--mantine-color-anchor": "#67c4bb",
    "--pl-panel": "#151918",
    "--pl-sunken": "#0b0e0d",
    "--pl-line": "#262c2a",
    "--pl-line-strong": "#3b4340",
    "--pl-muted": "#9ea7a3",
    "--pl-accent": "#67c4bb",
    "--pl-accent-soft": "#132b28",
    "--pl-on-accent": "#06201e",
    "--pl-care": "#eba75c",
    "--pl-care-soft": "#2a1e10",
    "--pl-care-line": "#5b4120",
    "--pl-series-0": "#6fb2ee",
    "--pl-series-1": "#e5a04a",
    "--pl-series-2": "#45c0a6",
    "--pl-series-3": "#d692c4",
    "--pl-series-4": "#a5d6f7",
    "--pl-series-5": "#cabd62",
    "--pl-series-6": "#f0875c",
    "--pl-series-7": "#aab2bf",
  },
});
