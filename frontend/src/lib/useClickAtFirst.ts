import { useEffect, useRef, type RefObject } from "react";

/** Focuses and clicks a button once it is there: its menu was asked for before its code had come. */
export function useClickAtFirst(): RefObject<HTMLButtonElement | null> {
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    button.current?.focus();
    button.current?.click();
  }, []);
  return button;
}
