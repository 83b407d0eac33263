import { keyLabel } from "@/lib/commands";

import classes from "./Key.module.css";

/** A key cap; decoration for the eye, since the control's own name says what it does. It is drawn by the
 * style, so that it is no part of the words one says to press the control by voice. */
export function Key({ name }: { name: string }) {
  return <kbd className={classes.key} data-label={keyLabel(name)} aria-hidden />;
}
