import { ago, fullTime } from "@/lib/format";
import { useNow } from "@/lib/useNow";

export function Ago({ at }: { at: string }) {
  const now = useNow();
  return (
    <time dateTime={at} title={fullTime(at)}>
      {ago(at, now)}
    </time>
  );
}
