import { CloseButton } from "@mantine/core";

import type { Project } from "@/api/types";
import { Prose } from "@/components/Prose";

import classes from "./GuidelinesPane.module.css";

interface Props {
  guidelines: NonNullable<Project["guidelines"]>;
  onClose: () => void;
}

/** The project's rules for judging, above the prompt and never over the responses. */
export function GuidelinesPane({ guidelines, onClose }: Props) {
  return (
    <section className={classes.pane} aria-label="Guidelines">
      <header className={classes.head}>
        <h2 className={classes.title}>Guidelines, version {guidelines.number}</h2>
        <CloseButton aria-label="Close the guidelines" onClick={onClose} />
      </header>
      <div className={classes.text}>
        <Prose text={guidelines.text} look={{ markdown: true, face: "sans", textSize: 0 }} />
      </div>
    </section>
  );
}
