import { Suspense, useState } from "react";

import { later } from "@/lib/later";

import { ReadingButton } from "./ReadingButton";

const ReadingPopover = later(() => import("./ReadingPopover").then((module) => module.ReadingPopover), ReadingButton);

/** How responses are read; what can be set comes when it is asked for. */
export function ReadingSettings() {
  const [asked, setAsked] = useState(false);
  const button = <ReadingButton aria-haspopup="dialog" aria-expanded={false} onClick={() => setAsked(true)} />;
  return asked ? (
    <Suspense fallback={button}>
      <ReadingPopover />
    </Suspense>
  ) : (
    button
  );
}
