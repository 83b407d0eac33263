import { keyLabel } from "@/lib/commands";

import classes from "./Key.module.css";

/** A key cap; decoration for the eye, since the control's own name says what it does. Drawn by the
 * style, so that it is no word of the control's label, which people may say aloud to reach it. */
export function Key({ name }: { name: string }) {
  return <kbd className={classes.key} data-key={keyLabel(name)} aria-hidden />;
}
