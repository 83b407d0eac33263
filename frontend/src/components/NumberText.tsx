import { TextInput, type TextInputProps } from "@mantine/core";
import { useState } from "react";

interface Props extends Omit<TextInputProps, "value" | "onChange"> {
  value: unknown;
  onChange: (value: number | string | null) => void;
}

/** A number as researchers write it: 1e-5 stays 1e-5. What is no number is handed on as text, for
 * the form to complain about. */
export function NumberText({ value, onChange, ...rest }: Props) {
  const [typed, setTyped] = useState<string | null>(null);
  const shown = typed ?? display(value);
  return (
    <TextInput
      {...rest}
      inputMode="decimal"
      autoComplete="off"
      classNames={{ input: "tabular" }}
      value={shown}
      onChange={(event) => {
        const next = event.currentTarget.value;
        setTyped(next);
        const trimmed = next.trim();
        const parsed = Number(trimmed);
        onChange(trimmed === "" ? null : Number.isFinite(parsed) ? parsed : trimmed);
      }}
      onBlur={() => setTyped(null)}
    />
  );
}

function display(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value !== "number") return "";
  return value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential().replace("e-0", "e-") : String(value);
}
