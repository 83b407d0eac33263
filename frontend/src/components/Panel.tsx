import type { ReactNode } from "react";

import classes from "./Panel.module.css";

interface Props {
  title?: ReactNode;
  actions?: ReactNode;
  padded?: boolean;
  id?: string;
  children: ReactNode;
}

export function Panel({ title, actions, padded = true, id, children }: Props) {
  return (
    <section className={classes.panel} id={id}>
      {title ? (
        <header className={classes.header}>
          <h2 className={classes.title}>{title}</h2>
          {actions}
        </header>
      ) : null}
      <div className={padded ? classes.padded : undefined}>{children}</div>
    </section>
  );
}
