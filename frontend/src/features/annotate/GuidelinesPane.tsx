import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
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
    <section className={classes.pane} aria-label={t`Guidelines`}>
      <header className={classes.head}>
        <h2 className={classes.title}><Trans>Guidelines, version {guidelines.number}</Trans></h2>
        <CloseButton aria-label={t`Close the guidelines`} onClick={onClose} />
      </header>
      <div className={classes.text}>
        <Prose text={guidelines.text} look={{ markdown: true, face: "sans", text_size: 0 }} />
      </div>
    </section>
  );
}
