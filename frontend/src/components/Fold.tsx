import { Collapse } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import type { ReactNode } from "react";

import classes from "./Fold.module.css";

interface Props {
  title: ReactNode;
  startOpen?: boolean;
  children: ReactNode;
}

export function Fold({ title, startOpen = false, children }: Props) {
  const [open, { toggle }] = useDisclosure(startOpen);
  const Icon = open ? IconChevronDown : IconChevronRight;
  return (
    <div>
      <button type="button" className={classes.toggle} aria-expanded={open} onClick={toggle}>
        <Icon className="pointing" size={16} stroke={1.8} aria-hidden />
        {title}
      </button>
      <Collapse expanded={open} transitionDuration={0} className={classes.body}>
        {open ? children : null}
      </Collapse>
    </div>
  );
}
