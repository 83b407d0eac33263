import { useEffect, useLayoutEffect, useRef } from "react";

import { belongsToTarget, commandFor, type Command } from "./commands";
import { useKeymap, withChosenKeys } from "./keymap";

interface Source {
  current: readonly Command[];
}

/** What is on the page now, the innermost last. */
const sources: Source[] = [];

/** Offers commands while the component is shown: to the keyboard, the palette and the help sheet.
 * Returns them with the keys that their person chose, for the buttons. */
export function useCommands(offered: readonly Command[]): Command[] {
  const commands = withChosenKeys(offered, useKeymap());
  const source = useRef<readonly Command[]>(commands);
  useLayoutEffect(() => {
    source.current = commands;
  });
  useEffect(() => {
    sources.push(source);
    return () => {
      sources.splice(sources.indexOf(source), 1);
    };
  }, []);
  return commands;
}

export function activeCommands(): Command[] {
  return sources.toReversed().flatMap((source) => source.current);
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
