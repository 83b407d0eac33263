import { Group, Skeleton } from "@mantine/core";
import type { ReactNode } from "react";

import { Prose } from "@/components/Prose";

import classes from "./ToRead.module.css";

interface Props {
  title: string;
  lead: string;
  /** Null while it is on its way; left out where there is none. */
  text?: string | null;
  actions: ReactNode;
  children?: ReactNode;
}

/** Something to read in peace before work goes on. */
export function ToRead({ title, lead, text, actions, children }: Props) {
  return (
    <section className={classes.page} aria-label={title}>
      <h2 className={classes.title}>{title}</h2>
      <p className={classes.lead}>{lead}</p>
      {text === null ? <Skeleton height={160} radius={9} /> : null}
      {text ? (
        <div className={classes.text}>
          <Prose text={text} look={{ markdown: true, face: "sans", text_size: 1 }} />
        </div>
      ) : null}
      {children}
      <Group gap="xs">{actions}</Group>
    </section>
  );
}
