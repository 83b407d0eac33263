import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { SegmentedControl } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { presetsQuery } from "@/api/presets";
import type { RunKind } from "@/api/types";
import type { Values } from "@/lib/jsonSchema";
import { apart } from "@/lib/language";
import { SIZES, type Size } from "@/lib/presets";

interface Props {
  /** What is to be trained; the source shown is that of the last. */
  kinds: readonly RunKind[];
  onPick: (settings: Partial<Record<RunKind, Values>>) => void;
}

/** Settings for a model of some size, with where they are from. */
export function StartFrom({ kinds, onPick }: Props) {
  const presets = useQuery(presetsQuery);
  const [picked, setPicked] = useState<Size | null>(null);
  const of = (size: Size) => (presets.data ?? []).filter((one) => one.size === size && kinds.includes(one.kind));
  if (presets.data && SIZES.every(({ value }) => of(value).length === 0)) return null;
  const source = picked && of(picked).find((one) => one.kind === kinds.at(-1))?.source;
  return (
    <div>
      <span id="start-from">
        <Trans>Start from</Trans>
      </span>
      <SegmentedControl
        aria-labelledby="start-from"
        fullWidth
        disabled={!presets.data}
        value={picked ?? ""}
        onChange={(value) => {
          const size = SIZES.find((one) => one.value === value)?.value;
          if (!size) return;
          setPicked(size);
          onPick(Object.fromEntries(of(size).map((one) => [one.kind, one.settings])));
        }}
        data={[...SIZES]}
      />
      <p style={{ margin: "6px 0 0", minHeight: "1.5em", color: "var(--pl-muted)", fontSize: 13 }}>
        {source ? apart(source) : t`Settings for a model of about that size; all of them can be changed.`}
      </p>
    </div>
  );
}
