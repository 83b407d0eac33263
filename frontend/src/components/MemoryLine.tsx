import { t } from "@lingui/core/macro";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";

import { checkQuery } from "@/api/presets";
import type { Memory } from "@/api/types";
import { bytes, label } from "@/lib/format";
import type { Values } from "@/lib/jsonSchema";
import { inOrder } from "@/lib/language";
import { KIND_NAMES } from "@/lib/runKinds";

const TYPING_MS = 400;
const PARTS_SHOWN = 3;

interface Props {
  slug: string;
  /** Of what the spec is. */
  what: "runs" | "rounds";
  spec: Values;
}

/** What a launch would need of one device; nothing where that is not known. */
export function MemoryLine({ slug, what, spec }: Props) {
  const [settled] = useDebouncedValue(spec, TYPING_MS);
  const verdict = useQuery({ ...checkQuery(slug, what, settled), placeholderData: keepPreviousData });
  const memory = verdict.data?.memory ?? [];
  return (
    <p style={{ margin: 0, minHeight: "1.5em", color: "var(--pl-muted)", fontSize: 13 }}>
      {memory.map((one) => sentence(one, memory.length > 1)).join(" ")}
    </p>
  );
}

function sentence({ kind, total_bytes, parts }: Memory, named: boolean): string {
  const [name, total] = [KIND_NAMES[kind], bytes(total_bytes)];
  if (named) return t`${name}: about ${total} on one device.`;
  const largest = Object.entries(parts)
    .filter(([, size]) => size > 0)
    .sort(([, one], [, other]) => other - one)
    .slice(0, PARTS_SHOWN)
    .map(([part, size]) => inOrder(`${label(part).toLowerCase()} ${bytes(size)}`))
    .join(", ");
  return t`About ${total} on one device, most of it ${largest}.`;
}
