import { createContext, use, type ReactNode } from "react";
import { createPortal } from "react-dom";

/** The element in the top bar that pages may fill; the shell provides it. */
export const TopBarContext = createContext<HTMLElement | null>(null);

/** Puts a page's own state and controls into the top bar. */
export function TopBarSlot({ children }: { children: ReactNode }) {
  const slot = use(TopBarContext);
  return slot ? createPortal(children, slot) : null;
}
