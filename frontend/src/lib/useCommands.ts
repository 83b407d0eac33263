import { useEffect, useLayoutEffect, useRef } from "react";

import { belongsToTarget, commandFor, type Command } from "./commands";
import { chosenKeys, useKeymap, withChosenKeys } from "./keymap";

interface Source {
  current: readonly Command[];
}

/** What is on the page now, the innermost last. */
const sources: Source[] = [];

/** Offers commands while the component is shown: to the keyboard, the palette and the help sheet.
 * Returns them with the keys that their person chose, for the buttons. */
export function useCommands(offered: readonly Command[]): Command[] {
  const keymap = useKeymap();
  const source = useRef(offered);
  useLayoutEffect(() => {
    source.current = offered;
  });
  useEffect(() => {
    sources.push(source);
    return () => {
      sources.splice(sources.indexOf(source), 1);
    };
  }, []);
  return withChosenKeys(offered, keymap);
}

export function activeCommands(): Command[] {
  return withChosenKeys(
    sources.toReversed().flatMap((source) => source.current),
    chosenKeys(),
  );
}

/** What the help sheet shows, as it is now. */
export function useActiveCommands(): Command[] {
  useKeymap();
  return activeCommands();
}

/** Mounted once, by the shell. */
export function useCommandKeys(): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing || belongsToTarget(event.target, event)) return;
      if (document.querySelector("[aria-modal=true]")) return;
      const command = commandFor(activeCommands(), event);
      if (!command) return;
      event.preventDefault();
      command.perform();
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, []);
}
