import { memo } from "react";
import ReactMarkdown, { type Components } from "react-markdown";
import remarkGfm from "remark-gfm";

import classes from "./Prose.module.css";

export interface ProseLook {
  markdown: boolean;
  face: "serif" | "sans";
  textSize: 0 | 1 | 2 | 3;
}

const PLUGINS = [remarkGfm];

/** Model output is hostile text: no HTML, nothing fetched, links that lead nowhere. */
const INERT: Components = {
  a: ({ href, children }) => (
    <span className={classes.link} title={href}>
      {children}
    </span>
  ),
  img: ({ src, alt }) => (
    <span className={classes.media} title={typeof src === "string" ? src : undefined}>
      Image not loaded{alt ? `: ${alt}` : ""}
    </span>
  ),
  input: ({ checked }) => <span aria-hidden>{checked ? "☑ " : "☐ "}</span>,
};

interface Props {
  text: string;
  look: ProseLook;
}

/** One text of a prompt or response, as its reader chose to see it. */
export const Prose = memo(function Prose({ text, look }: Props) {
  const className = [
    classes.prose,
    look.face === "serif" ? classes.serif : "",
    look.textSize === 1 ? "" : classes[`size${look.textSize}`],
    look.markdown ? "" : classes.plain,
  ].join(" ");
  return (
    <div className={className} dir="auto">
      {look.markdown ? (
        <ReactMarkdown remarkPlugins={PLUGINS} components={INERT}>
          {text}
        </ReactMarkdown>
      ) : (
        text
      )}
    </div>
  );
});
