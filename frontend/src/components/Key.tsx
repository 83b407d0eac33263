import { keyLabel } from "@/lib/commands";

import classes from "./Key.module.css";

/** A key cap; decoration for the eye, since the control's own name says what it does. */
export function Key({ name }: { name: string }) {
  return (
    <kbd className={classes.key} aria-hidden>
      {keyLabel(name)}
    </kbd>
  );
}
