import { useEffect, type ReactNode } from "react";

import classes from "./Page.module.css";

interface Props {
  title: ReactNode;
  /** For the browser's tab, when `title` is more than text. */
  tab?: string;
  lead?: ReactNode;
  actions?: ReactNode;
  narrow?: boolean;
  children: ReactNode;
}

export function Page({ title, tab, lead, actions, narrow, children }: Props) {
  useDocumentTitle(tab ?? (typeof title === "string" ? title : ""));
  return (
    <div className={narrow ? `${classes.page} ${classes.narrow}` : classes.page}>
      <header className={classes.header}>
        <div className={classes.titles}>
          <h1 className={classes.title}>{title}</h1>
          {lead ? <div className={classes.lead}>{lead}</div> : null}
        </div>
        {actions ? <div className={classes.actions}>{actions}</div> : null}
      </header>
      {children}
    </div>
  );
}

export function useDocumentTitle(title: string): void {
  useEffect(() => {
    document.title = title ? `${title} · Plumbline` : "Plumbline";
  }, [title]);
}
