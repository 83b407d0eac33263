import { Fragment, useMemo } from "react";

import type { ProseLook } from "@/components/Prose";
import prose from "@/components/Prose.module.css";

import { diff } from "./diff";
import classes from "./DiffText.module.css";

interface Props {
  text: string;
  /** What it is compared with. */
  other: string;
  look: ProseLook;
}

/** One text as it is, with the words that the other one has not. */
export default function DiffText({ text, other, look }: Props) {
  const parts = useMemo(() => diff(text, other)[0], [text, other]);
  const size = look.text_size === 1 ? "" : prose[`size${look.text_size}`];
  return (
    <div className={`${prose.prose} ${prose.plain} ${look.face === "serif" ? prose.serif : ""} ${size}`} dir="auto">
      {parts.map((part, index) =>
        part.own ? (
          <Fragment key={index}>
            <ins className={classes.own}>{part.text.trimEnd()}</ins>
            {part.text.slice(part.text.trimEnd().length)}
          </Fragment>
        ) : (
          <span key={index}>{part.text}</span>
        ),
      )}
    </div>
  );
}
