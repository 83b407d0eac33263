import rehypeHighlight from "rehype-highlight";

import "./code.css";
import type { Extra } from "./extras";

/** Colours for code whose language is named. */
export const extra: Extra = { rehypePlugins: [[rehypeHighlight, { detect: false }]] };
