import { useEffect, useLayoutEffect, useRef } from "react";

import { belongsToTarget, commandFor, type Command } from "./commands";

interface Source {
  current: readonly Command[];
}

/** What is on the page now, the innermost last. */
const sources: Source[] = [];

/** Offers commands while the component is shown: to the keyboard, the palette and the help sheet. */
export function useCommands(commands: readonly Command[]): void {
  const source = useRef(commands);
  useLayoutEffect(() => {
    source.current = commands;
  });
  useEffect(() => {
    sources.push(source);
    return () => {
      sources.splice(sources.indexOf(source), 1);
    };
  }, []);
}

export function activeCommands(): Command[] {
  return sources.toReversed().flatMap((source) => source.current);
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
