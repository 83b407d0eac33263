import { Tooltip, type FloatingPosition } from "@mantine/core";

export interface BubbleProps {
  label: string;
  target: HTMLElement;
  position: FloatingPosition;
}

/** The words of a hint, over the page. */
export const Bubble = (props: BubbleProps) => <Tooltip {...props} />;
