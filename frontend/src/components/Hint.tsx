import type { FloatingPosition } from "@mantine/core";
import { Suspense, useState, type ReactNode } from "react";

import { later, useCalm } from "@/lib/later";

const Bubble = later(() => import("./Bubble").then((module) => module.Bubble), () => null);

interface Props {
  label: string;
  position?: FloatingPosition;
  disabled?: boolean;
  className?: string | undefined;
  children: ReactNode;
}

/** A name that appears beside a control under the pointer, for controls that show none. */
export function Hint({ label, position = "top", disabled = false, className, children }: Props) {
  const [target, setTarget] = useState<HTMLElement | null>(null);
  const calm = useCalm();
  return (
    <>
      <span ref={setTarget} className={className}>
        {children}
      </span>
      <Suspense>{calm && target && !disabled ? <Bubble label={label} target={target} position={position} /> : null}</Suspense>
    </>
  );
}
