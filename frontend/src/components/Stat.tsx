import type { ReactNode } from "react";

import classes from "./Stat.module.css";

interface Props {
  name: string;
  value: ReactNode;
  note?: ReactNode;
}

export function Stat({ name, value, note }: Props) {
  return (
    <div className={classes.stat}>
      <dt className={classes.name}>{name}</dt>
      <dd className={classes.value}>{value}</dd>
      {note ? <dd className={classes.note}>{note}</dd> : null}
    </div>
  );
}

export function Stats({ children }: { children: ReactNode }) {
  return <dl className={classes.stats}>{children}</dl>;
}
